# qv_add_test(name SOURCES a.c ... LIBRARIES room ... [RANKS 1 2 4 8] [LABELS unit ...] [ARGS ...])
# builds one test program and registers it once per rank count: name-r1, name-r2, ...
#
# Labels: `quick` for what validation/run-all --quick runs; `long` for evidence that takes minutes or measures time, which
# only validation/run-all --all runs. COST (seconds): ctest starts the longest tests first.

# Seconds after which a test hangs, on a machine ten times slower too. A verdict on time is a test's own and `long`.
set(QV_HANGS 1800)

execute_process(COMMAND id -u OUTPUT_VARIABLE QV_UID OUTPUT_STRIP_TRAILING_WHITESPACE)
# Of Open MPI only what one machine needs: the search for networks costs more than most tests. Copies from process to
# process are forbidden in many containers; what killed ranks leave stays in the build folder. hwloc complains where there
# is no /sys, and looks for ten screens, by way of the name server where that is asked first.
set(QV_TEST_SHARED ${PROJECT_BINARY_DIR}/shared)
set(QV_TEST_ENVIRONMENT
    OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_sharedfp=^sm
    OMPI_MCA_pml=ob1 OMPI_MCA_osc=^ucx OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_vader_single_copy_mechanism=none
    OMPI_MCA_btl_vader_backing_directory=${QV_TEST_SHARED} OMPI_MCA_orte_tmpdir_base=${QV_TEST_SHARED}
    OMPI_MCA_shmem_mmap_enable_nfs_warning=0 OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
    HWLOC_HIDE_ERRORS=2 HWLOC_COMPONENTS=-gl CMOCKA_MESSAGE_OUTPUT=STDOUT)
# Each launcher removes this folder when it finds it empty, perhaps just when another is about to use it: never empty.
cmake_host_system_information(RESULT host QUERY HOSTNAME)
string(REGEX REPLACE "\\..*" "" host "${host}")
file(MAKE_DIRECTORY ${QV_TEST_SHARED}/ompi.${host}.${QV_UID}/kept)
file(CHMOD ${QV_TEST_SHARED}/ompi.${host}.${QV_UID} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
# Hundreds of commits with all their fsyncs: in memory, where the system has a place of some size for that. Other
# checkouts have places of their own.
set(QV_TEST_MEMORY ${PROJECT_BINARY_DIR}/memory)
execute_process(COMMAND sh -c "test -w /dev/shm && df -Pk /dev/shm" OUTPUT_VARIABLE shm ERROR_QUIET)
if(shm MATCHES " ([0-9]+) +[0-9]+% +/dev/shm" AND CMAKE_MATCH_1 GREATER 2097152)
  string(SHA1 checkout ${PROJECT_BINARY_DIR})
  string(SUBSTRING ${checkout} 0 8 checkout)
  set(QV_TEST_MEMORY /dev/shm/qonverge-tests-${QV_UID}-${checkout})
endif()
list(APPEND QV_TEST_ENVIRONMENT QV_TEST_MEMORY=${QV_TEST_MEMORY})
if(QV_UID STREQUAL "0")
  list(APPEND QV_TEST_ENVIRONMENT OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
endif()
if(QV_SANITIZE) # without the slow unwinding the leaks of MPI's plugins, unloaded by then, have no names
  list(APPEND QV_TEST_ENVIRONMENT ASAN_OPTIONS=fast_unwind_on_malloc=0
       LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/validation/leaks.supp:print_suppressions=0
       UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1)
endif()

# Registers a command line on some ranks; the rank count is part of the name.
function(qv_add_mpi_test name ranks)
  cmake_parse_arguments(T "" "COST" "LABELS;COMMAND" ${ARGN})
  if(NOT T_COST)
    set(T_COST 0)
  endif()
  if(NOT T_LABELS)
    set(T_LABELS unit quick)
  endif()
  if(ranks GREATER 4) # many ranks on few cores mostly wait for each other
    list(REMOVE_ITEM T_LABELS quick)
  endif()
  add_test(NAME ${name}-r${ranks} COMMAND ${MPIEXEC_EXECUTABLE} -q ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${T_COMMAND})
  set_tests_properties(${name}-r${ranks} PROPERTIES PROCESSORS ${ranks} TIMEOUT ${QV_HANGS} LABELS "${T_LABELS}"
                       COST ${T_COST} ENVIRONMENT "${QV_TEST_ENVIRONMENT}")
endfunction()

function(qv_add_test name)
  cmake_parse_arguments(T "" "COST" "SOURCES;LIBRARIES;RANKS;LABELS;ARGS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LIBRARIES} PkgConfig::CMOCKA qv_warnings)
  target_compile_definitions(${name} PRIVATE QV_DATA_DIR="${PROJECT_SOURCE_DIR}/validation/data")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/validation)
  if(NOT T_RANKS)
    set(T_RANKS 1)
  endif()
  foreach(ranks IN LISTS T_RANKS)
    qv_add_mpi_test(${name} ${ranks} COST ${T_COST} LABELS ${T_LABELS}
                    COMMAND $<TARGET_FILE:${name}> ${T_ARGS})
  endforeach()
endfunction()
