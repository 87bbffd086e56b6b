"""What the best of n out of K is expected to be: chances over all subsets, without drawing one."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def top_chances(count: int, n: int) -> Array:
    """The chance of each of K ordered samples, the least first, to be the top one of n drawn without replacement: (K,).

    ``C(i - 1, n - 1) / C(K, n)`` for the i-th (Chen et al. 2107.03374, Walder & Karkhanis 2505.15201), in products.
    """
    places = np.arange(1, count + 1, dtype=np.float64)
    not_above = np.ones(count)  # the chance that all n lie among the first i
    for k in range(n):
        not_above *= np.maximum(places - k, 0) / (count - k)
    return np.asarray(np.diff(not_above, prepend=0.0))
