"""What people shorten when they type with one thumb, and the words it stands for.

Keys are folded (lower case, no accents). Only shorthand that stands for one thing in a citizen's message is here:
"la" or "pa" are left to the classifier, which sees letters as well as words.
"""

#: A whole word → the words it stands for.
SHORTHAND: dict[str, str] = {
    "slt": "salut", "bjr": "bonjour", "bsr": "bonsoir", "cc": "coucou", "mrc": "merci", "mci": "merci", "stp": "s'il te plait",
    "svp": "s'il vous plait", "pk": "pourquoi", "pq": "pourquoi", "pkoi": "pourquoi", "prk": "pourquoi", "pcq": "parce que", "pck": "parce que",
    "psk": "parce que", "paske": "parce que", "pasque": "parce que", "pr": "pour", "ds": "dans", "ac": "avec", "avc": "avec", 
    "bcp": "beaucoup", "bp": "beaucoup", "tt": "tout", "ts": "tous", "ttes": "toutes", "tte": "toute", "tjs": "toujours", "tjr": "toujours", "tjrs": "toujours",
    "jms": "jamais", "qd": "quand", "qand": "quand", "kan": "quand", "kand": "quand", "cmt": "comment", "cmnt": "comment", "koman": "comment", "coment": "comment",
    "komen": "comment", "koi": "quoi", "kwa": "quoi", "qoi": "quoi", "ki": "qui", "ke": "que", "k": "que", "q": "que", "kel": "quel", "kelle": "quelle", "qel": "quel",
    "combi1": "combien", "combiin": "combien", "cb": "combien", "cbien": "combien", "konbien": "combien", "kombien": "combien", "conbien": "combien",
    "c": "c'est", "cest": "c'est", "c'et": "c'est", "g": "j'ai", "jai": "j'ai", "j": "je", "jsui": "je suis",
    "jsuis": "je suis", "chui": "je suis", "chuis": "je suis", "jss": "je suis", "js": "je suis", "jpe": "je peux", "jpeu": "je peux", "jpeux": "je peux",
    "jveu": "je veux", "jveux": "je veux", "jv": "je vais", "jvais": "je vais", "jve": "je vais", "jariv": "j'arrive", "jarive": "j'arrive", "jarrive": "j'arrive",
    "jdoi": "je dois", "jdois": "je dois", "jsai": "je sais", "jsais": "je sais", "chai": "je sais", "jvoudrai": "je voudrais", "jvoudrais": "je voudrais",
    "jpp": "je n'en peux plus", "jabite": "j'habite", "jhabite": "j'habite", "jatten": "j'attends", "jattend": "j'attends", "jattends": "j'attends",
    "jtouche": "je touche", "jtravaille": "je travaille", "jcherche": "je cherche", "jcomprend": "je comprends", "jcomprends": "je comprends", "jconnais": "je connais",
    "ya": "il y a", "yapa": "il n'y a pas", "yaka": "il n'y a qu'a", "ia": "il y a", "jtm": "je t'aime", "mn": "mon", "ms": "mais", "mai": "mais", "mem": "meme", "dc": "donc",
    "dsl": "desole", "rdv": "rendez-vous", "rdvs": "rendez-vous", "rendezvous": "rendez-vous", "randévou": "rendez-vous", "vs": "vous", "ns": "nous",
    "nn": "non", "wi": "oui", "ui": "oui", "ouai": "oui", "ouais": "oui", "ouep": "oui", "ok": "d'accord", "dacc": "d'accord", "daccord": "d'accord", "dac": "d'accord",
    "auj": "aujourd'hui", "ajd": "aujourd'hui", "aujourdhui": "aujourd'hui", "ojd": "aujourd'hui", "ojourdui": "aujourd'hui", "dem": "demain", "dmain": "demain", "mtn": "maintenant", "mnt": "maintenant", "mtnt": "maintenant",
    "apr": "apres", "avt": "avant", "bb": "bebe", "bbs": "bebes", "gosse": "enfant", "gosses": "enfants", "enf": "enfant", "enft": "enfant", "enfs": "enfants",
    "tel": "telephone", "telef": "telephone", "num": "numero", "nb": "nombre", "adr": "adresse", "mdp": "mot de passe", "ordi": "ordinateur", "pc": "ordinateur",
    "appart": "appartement", "dde": "demande", "dmd": "demande", "doss": "dossier", "attest": "attestation", "decla": "declaration", "secu": "securite sociale", "ss": "securite sociale",
    "assmat": "assistante maternelle", "asmat": "assistante maternelle", "assmats": "assistantes maternelles", "nounou": "assistante maternelle",
    "ft": "france travail", "p.e": "pole emploi", "anpe": "france travail", "boulo": "travail", "taf": "travail", "taff": "travail", "boulot": "travail", "job": "travail", "bosser": "travailler",
    "bosse": "travaille", "thune": "argent", "thunes": "argent", "fric": "argent", "pognon": "argent", "tune": "argent", "rsaa": "rsa", "rmi": "rsa",
    "qq": "quelque", "qqn": "quelqu'un", "kelkun": "quelqu'un", "qqun": "quelqu'un", "qqch": "quelque chose", "qqc": "quelque chose", "qlq": "quelque", "chaq": "chaque", "tps": "temps", "lgtps": "longtemps", "lgt": "logement", 
    "sem": "semaine", "ptt": "peut-etre", "ptetre": "peut-etre", "ptet": "peut-etre", "pb": "probleme", "pbm": "probleme", "pblm": "probleme", "prob": "probleme", "pbs": "problemes", "rep": "reponse", "msg": "message",
    "fo": "il faut", "fau": "il faut", "fodré": "il faudrait", "fodrait": "il faudrait", "kom": "comme", "conpren": "comprends", "conprend": "comprends", "compren": "comprends", "tro": "trop", "osi": "aussi", "ossi": "aussi",
    "oci": "aussi", "mtnant": "maintenant", "vouler": "voulez", "wesh": "", "bah": "", "ben": "", "euh": "", "heu": "", "hein": "", "lol": "", "mdr": "", "ptdr": "",
}
