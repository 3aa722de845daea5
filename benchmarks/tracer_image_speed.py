"""Forward problem of an isotope image, in one run: ionscape, its staircase without weights, and FiPy.

512 x 206 pixels of 0.977 um, 250 Voronoi grains (fixed seed), 59 h of exchange and 16 d of storage, 2.5 mm of
sample beyond the image. CPU time of this process, one thread, median. Accuracy: D_eff against finite elements
on a mesh that conforms to the grains; fields against the same network integrated to 1e-10. FiPy gets exactly
this network as a coefficient on its faces, so that its difference is that of its steps alone.

FiPy (general PDE library, finite volumes, implicit Euler) takes steps that grow with the time, and uses
its direct solver and lengths in micrometres; its error is printed beside ours.

Usage: python -m benchmarks.tracer_image_speed [--n 3] [--steps 40]
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
os.environ.setdefault("FIPY_SOLVERS", "scipy")

import numpy as np
from numpy.typing import NDArray

from benchmarks.cpu_time import median_cpu
from ionscape.testing.grain_map import GrainMap, ReferenceDiffusion, voronoi_grains
from ionscape.tracer.diffusion_2d import GrainDiffusion, Stage2D
from ionscape.tracer.faces import grain_faces

FloatArray = NDArray[np.float64]

SHAPE, PIXEL, BEYOND = (512, 206), 0.977e-6, 2.5e-3
BULK, PERMEABILITY = 2.6e-12, 1.364e-8  # m^2/s, m/s
STAGES = (Stage2D(59 * 3600.0, True), Stage2D(16 * 86400.0, False))


def fipy_fields(model: GrainDiffusion, steps: int) -> Callable[[], list[FloatArray]]:
    """The model's own network, set up in FiPy (source at the bottom row, y upwards)."""
    import fipy

    network = model._network
    at = model._course(BULK, PERMEABILITY, STAGES, None)[0][0]
    conductance = network.conductances(at)[: len(network.links.one)]
    heights = network.volume[:: SHAPE[1]] / PIXEL
    upwards = np.concatenate([heights[: SHAPE[0]][::-1], heights[SHAPE[0] :]])
    mesh = fipy.Grid2D(nx=SHAPE[1], dx=PIXEL * 1e6, dy=upwards * 1e6)
    rows = np.concatenate([np.arange(SHAPE[0])[::-1], np.arange(SHAPE[0], len(heights))])
    own = (rows[:, None] * SHAPE[1] + np.arange(SHAPE[1])).ravel()  # our cell of each of FiPy's
    by_pair = {
        (int(a), int(b)): g
        for a, b, g in zip(network.links.one, network.links.other, conductance, strict=True)
    }
    cells = np.ma.filled(mesh.faceCellIDs, -1)
    coefficient = np.full(mesh.numberOfFaces, BULK * 1e12)  # um^2/s
    for face in np.flatnonzero((cells >= 0).all(axis=0)):
        a, b = sorted((int(own[cells[0, face]]), int(own[cells[1, face]])))
        coefficient[face] = 1e12 * by_pair[a, b] * mesh._cellDistances[face] / mesh._faceAreas[face]

    def run() -> list[FloatArray]:
        fields, start = [], np.zeros(network.n_cells)
        for stage in STAGES:
            fraction = fipy.CellVariable(mesh=mesh, value=start)
            if stage.source:
                fraction.constrain(1.0, mesh.facesBottom)
            equation = fipy.TransientTerm() == fipy.DiffusionTerm(
                fipy.FaceVariable(mesh=mesh, value=coefficient)
            )
            ends = stage.duration * np.geomspace(1e-3, 1, steps)
            for dt in np.diff(ends, prepend=0.0):
                equation.solve(var=fraction, dt=dt, solver=fipy.LinearLUSolver(tolerance=1e-12))
            start = np.array(fraction.value)
            image = np.empty(network.n_cells)
            image[own] = start
            fields.append(image[: SHAPE[0] * SHAPE[1]].reshape(SHAPE))
        return fields

    return run


def worst_rms(fields: list[FloatArray], exact: tuple[FloatArray, ...]) -> float:
    """Largest root mean square difference over the stages."""
    return max(float(np.sqrt(np.mean((a - b) ** 2))) for a, b in zip(fields, exact, strict=True))


def conforming(grains: GrainMap) -> float:
    """D_eff by finite elements, extrapolated from two meshes."""
    coarse, fine = (
        ReferenceDiffusion(grains, BULK, PERMEABILITY, element).effective_diffusion(0)
        for element in (4e-6, 2e-6)
    )
    return fine + (fine - coarse) / 2


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=3, help="repetitions of ionscape")
    parser.add_argument("--steps", type=int, default=40, help="steps of FiPy per stage")
    options = parser.parse_args()
    grains = voronoi_grains(250, SHAPE[1] * PIXEL, SHAPE[0] * PIXEL, np.random.default_rng(1))
    labels = grains.labels(SHAPE, PIXEL)
    exact = conforming(grains)
    spacing = (PIXEL, PIXEL)
    print(f"D_eff by conforming finite elements: {exact * 1e4:.4g} cm2/s")
    seconds = np.nan
    for name, weighted in (("weighted by the normal", True), ("staircase", False)):
        faces = grain_faces(labels, spacing, weighted=weighted)
        model = GrainDiffusion(labels, spacing, source_edge="bottom", faces=faces, beyond=BEYOND)
        taken = median_cpu(lambda m=model: m.solve(BULK, PERMEABILITY, STAGES), options.n)  # type: ignore[misc]
        off = model.effective_diffusion(BULK, PERMEABILITY, 0) / exact - 1
        solution = model.solve(BULK, PERMEABILITY, STAGES)
        print(f"ionscape, {name}: {taken:.2f} s, D_eff {off:+.2%}, mass error {solution.mass_error:.1e}")
        seconds = taken if weighted else seconds
    try:
        import fipy  # noqa: F401
    except ImportError:
        print("FiPy is not installed: skipped (pip install 'ionscape[bench]')")
        return
    model = GrainDiffusion(labels, spacing, source_edge="bottom", beyond=BEYOND)
    model._network.corners.share[:] = 0  # FiPy's grid has no diagonal links
    reference = model.solve(BULK, PERMEABILITY, STAGES, tolerance=1e-10).fields
    ours = model.solve(BULK, PERMEABILITY, STAGES).fields
    run = fipy_fields(model, options.steps)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.process_time()
        theirs = run()
        taken = time.process_time() - start
    print(
        f"FiPy, {options.steps} implicit steps per stage: {taken:.1f} s, "
        f"rms error {worst_rms(theirs, reference):.1e}"
    )
    print(f"ionscape, the same network: rms error {worst_rms(list(ours), reference):.1e}")
    print(f"ratio of CPU times FiPy / ionscape: {taken / seconds:.1f}")


if __name__ == "__main__":
    main()
