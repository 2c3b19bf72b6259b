"""Adam and its relatives: adam, adamw, adamax, nadam, radam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gdcli.engine.bounds import Fraction, NonNegative, Positive
from gdcli.engine.optimizers.base import Optimizer, Slots, Value, power, where


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adaptive moments: w ← w − lr · m̂/(√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).

    m and v are running means of g and g², with rates β₁ and β₂. `amsgrad: true` takes the largest v so far.

    Source: Kingma and Ba (2015), arXiv 1412.6980; Reddi et al. (2018), arXiv 1904.09237, for AMSGrad;
    `torch.optim.Adam`.
    """

    n_slots: ClassVar[int] = 3
    kind: Literal["adam"] = "adam"
    lr: Positive = 0.001
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    eps: NonNegative = 1e-8
    amsgrad: bool = False
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the bias-corrected mean over the bias-corrected root mean square."""
        beta1, beta2, eps, amsgrad, weight_decay = h
        m, v, largest = slots
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        largest = np.maximum(largest, v)
        size = np.sqrt(where(amsgrad > 0, largest, v) / (1 - power(beta2, t))) + eps
        return w - lr / (1 - power(beta1, t)) * m / size, (m, v, largest)


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: w ← (1 − lr·λ)w before Adam's step, which does not use λ.

    Source: Loshchilov and Hutter (2019), Decoupled weight decay regularization, arXiv 1711.05101;
    `torch.optim.AdamW`.
    """

    n_slots: ClassVar[int] = 3
    kind: Literal["adamw"] = "adamw"
    lr: Positive = 0.001
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    eps: NonNegative = 1e-8
    amsgrad: bool = False
    weight_decay: NonNegative = 0.01

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Shrink the weights, then step as Adam does."""
        beta1, beta2, eps, amsgrad, weight_decay = h
        m, v, largest = slots
        w = w * (1 - lr * weight_decay)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        largest = np.maximum(largest, v)
        size = np.sqrt(where(amsgrad > 0, largest, v) / (1 - power(beta2, t))) + eps
        return w - lr / (1 - power(beta1, t)) * m / size, (m, v, largest)


@dataclass(frozen=True, kw_only=True)
class Adamax(Optimizer):
    """Adam with the infinity norm: u ← max(β₂u, |g| + ε), w ← w − lr/(1 − β₁ᵗ) · m/u.

    Source: Kingma and Ba (2015), arXiv 1412.6980, section 7.1; `torch.optim.Adamax`.
    """

    n_slots: ClassVar[int] = 2
    kind: Literal["adamax"] = "adamax"
    lr: Positive = 0.002
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    eps: Positive = 1e-8
    weight_decay: NonNegative = 0.0

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the mean over the decayed maximum."""
        beta1, beta2, eps, weight_decay = h
        m, u = slots
        g = g + weight_decay * w
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g) + eps)
        return w - lr / (1 - power(beta1, t)) * m / u, (m, u)


@dataclass(frozen=True, kw_only=True)
class NAdam(Optimizer):
    """Adam with Nesterov momentum, which warms up over the run: μₜ = β₁(1 − ½·0.96^(t·ψ)).

    w ← w − lr · ((1 − μₜ)/(1 − Πμ)·g + μₜ₊₁/(1 − Πμ·μₜ₊₁)·m) / (√v̂ + ε), with Πμ = μ₁…μₜ and ψ = `momentum_decay`.

    Source: Dozat (2016), Incorporating Nesterov momentum into Adam; `torch.optim.NAdam`.
    """

    n_slots: ClassVar[int] = 3
    kind: Literal["nadam"] = "nadam"
    lr: Positive = 0.002
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    momentum_decay: NonNegative = 0.004
    decoupled_weight_decay: bool = False

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step along the mean, looking ahead to the next step."""
        beta1, beta2, eps, weight_decay, momentum_decay, decoupled = h
        m, v, product = slots
        g = g + where(decoupled > 0, 0.0, weight_decay) * w
        w = w * (1 - where(decoupled > 0, lr * weight_decay, 0.0))
        mu = beta1 * (1 - 0.5 * power(0.96, t * momentum_decay))
        mu_next = beta1 * (1 - 0.5 * power(0.96, (t + 1) * momentum_decay))
        # PyTorch keeps this product in single precision whatever the precision of the weights, and so do we.
        product = np.float64(np.float32(where(t == 1, 1.0, product)) * np.float32(mu))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        direction = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m
        return w - lr * direction / (np.sqrt(v / (1 - power(beta2, t))) + eps), (m, v, product)


@dataclass(frozen=True, kw_only=True)
class RAdam(Optimizer):
    """Rectified Adam: Adam's step times r(ρₜ) once ρₜ > 5, and the bias-corrected mean alone before that.

    ρ∞ = 2/(1 − β₂) − 1, ρₜ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ), r² = (ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ).

    Source: Liu et al. (2020), On the variance of the adaptive learning rate and beyond, arXiv 1908.03265;
    `torch.optim.RAdam`.
    """

    n_slots: ClassVar[int] = 2
    kind: Literal["radam"] = "radam"
    lr: Positive = 0.001
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)
    eps: NonNegative = 1e-8
    weight_decay: NonNegative = 0.0
    decoupled_weight_decay: bool = False

    @staticmethod
    def update(w: Value, g: Value, slots: Slots, lr: Value, t: int, h: tuple[Value, ...]) -> tuple[Value, Slots]:
        """Step as Adam does, where the variance of its step size is tractable."""
        beta1, beta2, eps, weight_decay, decoupled = h
        m, v = slots
        g = g + where(decoupled > 0, 0.0, weight_decay) * w
        w = w * (1 - where(decoupled > 0, lr * weight_decay, 0.0))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * power(beta2, t) / (1 - power(beta2, t))
        # r is used only where ρ > 5, which is never if ρ∞ ≤ 5. Elsewhere any values serve that keep the root real.
        safe, limit = np.maximum(rho, 5.0), np.maximum(rho_inf, 5.0)
        r = np.sqrt((safe - 4) * (safe - 2) * limit / ((limit - 4) * (limit - 2) * safe))
        adaptive = r * np.sqrt(1 - power(beta2, t)) / (np.sqrt(v) + eps)
        return w - lr * m / (1 - power(beta1, t)) * where(rho > 5, adaptive, 1.0), (m, v)
