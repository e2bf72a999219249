"""Errors that a person or a program can act on, in French."""

import json
from typing import Any

from aiohttp import web

from bot import identity

#: code → (HTTP status, sentence)
ERRORS: dict[str, tuple[int, str]] = {
    "json": (400, 'La requête n\'est pas du JSON lisible. Envoyez {"text": "votre message"}.'),
    "champ": (400, "La requête a un champ incorrect."),
    "vide": (400, "Le message est vide. Écrivez votre question en quelques mots."),
    "jeton": (
        401,
        "Cette conversation n'est plus valable. Recommencez sans jeton : une nouvelle conversation s'ouvrira.",
    ),
    "effacee": (401, "Cette conversation a été effacée. Recommencez sans jeton : une nouvelle conversation s'ouvrira."),
    "origine": (
        403,
        "Ce formulaire ne vient pas de notre site, ou il est resté ouvert trop longtemps. Rechargez la page et recommencez.",
    ),
    "site": (
        403,
        "Ce site n'est pas autorisé à afficher l'assistant. Posez votre question sur la page de l'assistant. "
        "Pour la personne qui s'occupe de ce site : son adresse doit être ajoutée aux sites autorisés (ALLOWED_ORIGINS).",
    ),
    "perime": (
        403,
        "Cette page est restée ouverte longtemps. Votre message est toujours là : envoyez-le à nouveau.",
    ),
    "introuvable": (404, "Cette page n'existe pas."),
    "methode": (405, "Cette adresse ne répond pas à cette méthode."),
    "trop_long": (413, "Votre message est trop long. Écrivez-le plus court. En danger : 112, ou SMS au 114."),
    "lent": (408, "Votre message n'est pas arrivé en entier, la ligne est trop lente. Réessayez. En danger : 112."),
    "trop_de_messages": (429, "Vous avez envoyé beaucoup de messages. Attendez un peu, puis recommencez."),
    "panne": (
        503,
        "L'assistant ne peut pas répondre pour le moment. Réessayez dans quelques minutes, ou appelez le {standard}. "
        "En danger : 112, ou SMS au 114.",
    ),
}


class ApiError(Exception):
    """An error of the chat API; `code` is a key of ERRORS."""

    def __init__(self, code: str, detail: str = "", headers: dict[str, str] | None = None) -> None:
        self.code = code
        self.status, sentence = ERRORS[code]
        board = identity.load().switchboard
        self.sentence = f"{sentence} {detail}".strip().replace("{standard}", f"{board.name} : {board.phone}")
        self.headers = headers or {}
        super().__init__(code)


def as_json(error: ApiError) -> web.Response:
    """Return the error as the chat API gives it."""
    return json_response(
        {"error": {"code": error.code, "message": error.sentence}}, status=error.status, headers=error.headers
    )


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return `body` as JSON, accents written as they are."""
    return web.json_response(
        body, status=status, headers=headers, dumps=lambda value: json.dumps(value, ensure_ascii=False)
    )
