"""How crowded the place of a text is: what stands near to everything says little by standing near to one more text.

The texts that tell it are frozen with the ranker, so that it is a property of the document and of nothing in a list.
"""

from dataclasses import dataclass

import numpy as np

from matcher.types import Side, Vector, Vectors

NEAREST = 10  # texts of the other side whose nearness is averaged
_ITSELF = 0.9995  # a cosine from which a reference text is the text in question
_DECIMALS = 6  # below it, sums differ with the order in which a machine adds


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Texts of both sides that nobody is ranked for: (n, d) each, rows L2-normalised, by the encoder of the ranker file.

    `usual` is the crowding of a text of each side that is neither crowded nor alone.

    Source:
        After Radovanović et al., JMLR 2010 (hubs), and Conneau et al., ICLR 2018 (CSLS), with a frozen set of neighbours.
    """

    needs: Vectors
    innovations: Vectors
    usual_need: float
    usual_innovation: float

    def crowding(self, side: Side, vector: Vector) -> float:
        """The mean cosine with the nearest reference texts of the other side, less what is usual for its own side.

        Another encoder's vectors have no place among these texts: where their length tells them apart, 0 is given, which
        is neither crowded nor alone.
        """
        others, usual = (self.innovations, self.usual_need) if side is Side.NEED else (self.needs, self.usual_innovation)
        if not len(others) or others.shape[1] != len(vector):
            return 0.0
        cosines = others @ vector
        apart = cosines[cosines < _ITSELF]
        nearest = np.partition(apart, -NEAREST)[-NEAREST:] if len(apart) > NEAREST else apart
        return round(float(nearest.mean(dtype=np.float64)) - usual, _DECIMALS) if len(nearest) else 0.0


NOWHERE = Reference(
    needs=np.empty((0, 0), dtype=np.float32), innovations=np.empty((0, 0), dtype=np.float32), usual_need=0.0, usual_innovation=0.0
)
"""No reference texts: no place is crowded."""
