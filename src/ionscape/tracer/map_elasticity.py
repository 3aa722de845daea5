"""How D over a whole grain map depends on each of its boundaries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.tracer.grain_network import Coefficients, GrainNetwork, factor
from ionscape.tracer.image_problem import ImageProblem

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Elasticity:
    """D_eff of the map along the diffusion and its logarithmic derivatives.

    Attributes
    ----------
    value : float
        [m^2/s]
    by_boundary : (n_boundaries,) array
        d ln D_eff / d ln P of each boundary.
    """

    value: float
    by_boundary: FloatArray

    @property
    def by_bulk(self) -> float:
        """d ln D_eff / d ln D: D_eff is of degree one in D and all P together."""
        return 1.0 - float(self.by_boundary.sum())


def elasticity(problem: ImageProblem, bulk: float, permeability: FloatArray) -> Elasticity:
    """From one steady solution: D_eff is the power that the flow dissipates, each link its share.

    Parameters
    ----------
    bulk : float
        [m^2/s]
    permeability : (n_boundaries,) array
        [m/s]
    """
    scene = problem.scene
    axis = 0 if scene.source_edge in ("top", "bottom") else 1
    network = GrainNetwork(problem.grid.labels, scene.spacing, problem.faces, None, 0.0)
    at = Coefficients(bulk, bulk, permeability)
    near, _ = network.held("top" if axis == 0 else "left", bulk)
    far, _ = network.held("bottom" if axis == 0 else "right", bulk)
    field = factor(network.matrix(network.conductances(at), near + far)).solve(near)
    flow = float((far * field).sum())
    drop = (field[network.one] - field[network.other]) ** 2
    steep = network.slopes(at, np.zeros(len(permeability), dtype=np.intp), 1)[2]
    boundary = np.concatenate([network.links.boundary, network.corners.boundary])
    crossing = boundary >= 0
    shares = np.bincount(boundary[crossing], (steep * drop)[crossing], minlength=len(permeability)) / flow
    size = [n * step for n, step in zip(scene.labels.shape, scene.spacing, strict=True)]
    return Elasticity(flow * size[axis] / size[1 - axis], shares)
