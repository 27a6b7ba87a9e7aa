"""What the doctor finds of one part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `remedy` is empty when all is well, and may wait when the finding is `mild`."""

    name: str
    found: str
    remedy: str = ""
    mild: bool = False

    @property
    def well(self) -> bool:
        """Whether the service can go on like this."""
        return self.mild or not self.remedy

    @property
    def state(self) -> str:
        """In one word."""
        return "WRONG" if not self.well else "beware" if self.remedy else "well"
