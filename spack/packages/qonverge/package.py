from spack.package import *


class Qonverge(CMakePackage):
    """Distributed statevector and Monte Carlo solver for hybrid quantum-classical work on clusters: one program that
    reads a deck, runs on MPI ranks, couples to PETSc/TAO, and writes HDF5."""

    # To install from a working copy: spack repo add spack && spack dev-build qonverge@0.1.0
    # A site that mirrors the source sets `git` here.
    license("BSD-3-Clause")

    version("0.1.0")

    variant("tests", default=False, description="Build the tests")

    variant("report", default=True, description="Python with h5py and matplotlib, for qonverge-report")

    depends_on("c", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("ninja", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi@3.1:")
    depends_on("hdf5@1.10: +mpi")
    depends_on("petsc@3.18: +mpi ~complex +double")
    depends_on("slepc@3.18:")
    depends_on("fftw@3")
    depends_on("openblas")
    depends_on("gsl")
    depends_on("random123")
    depends_on("libyaml")
    depends_on("cjson")
    depends_on("xxhash")
    depends_on("cmocka", when="+tests")
    depends_on("python@3.9:", when="+report", type="run")
    depends_on("py-h5py", when="+report", type="run")
    depends_on("py-matplotlib", when="+report", type="run")

    generator("ninja")

    def cmake_args(self):
        return [
            self.define("QV_WERROR", False),  # a newer compiler may warn of more
            self.define_from_variant("BUILD_TESTING", "tests"),
        ]

    def test_version(self):
        """the installed program starts and names its libraries"""
        program = which(self.prefix.bin.qonverge)
        assert "HDF5" in program("--version", output=str.split, error=str.split)

    def test_deck(self):
        """the installed program accepts an installed deck"""
        program = which(self.prefix.bin.qonverge)
        program("check", join_path(self.prefix.share.qonverge.config, "vqe-h2o.yaml"))
