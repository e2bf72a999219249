"""What is said of a part that fails, and how long it is left before it is started again. Pure: times in, sentences out."""

from dataclasses import dataclass

#: Seconds before the first new start, and at most: twice as long each time.
FIRST, LONGEST = 0.5, 30.0
#: Seconds without a failure after which a part is well again.
WELL = 60.0


@dataclass
class Trouble:
    """The failures of one part, until it has been well for WELL seconds. Times are seconds of any steady clock."""

    name: str
    log: str
    failures: int = 0
    _since: float = 0.0
    _back: bool = False
    _again: bool = False

    def failed(self, how: str, now: float) -> tuple[float, str]:
        """Note a failure; return the seconds before the part is started again, and what is to be said, or ""."""
        self.failures += 1
        delay = min(LONGEST, FIRST * 2.0 ** min(self.failures - 1, 10))
        said = ""
        if self.failures == 1:
            self._since = now
            said = f"Le processus « {self.name} » {how} ; il est relancé. Détails : {self.log}"
        elif self._back and not self._again:
            self._again = True
            said = (
                f"Le processus « {self.name} » {how}, une fois de plus ; il est relancé chaque fois, de moins en moins vite. "
                f"Détails : {self.log}"
            )
        self._back = False
        return delay, said

    def back(self, now: float) -> str:
        """Note that the part answers again; return what is to be said, or ""."""
        if not self.failures or self._back:
            return ""
        self._back = True
        return (
            "" if self._again else f"Le processus « {self.name} » répond de nouveau, après {now - self._since:.0f} s."
        )

    def well(self, now: float) -> str:
        """Note that it has answered for WELL seconds; return what is to be said, or ""."""
        said = ""
        if self._again:
            said = f"Le processus « {self.name} » tient depuis {WELL:.0f} s, {now - self._since:.0f} s après la première panne."
        self.failures, self._back, self._again = 0, False, False
        return said
