# qv_add_test(name SOURCES a.c ... LIBRARIES room ... [RANKS 1 2 4 8] [LABELS unit ...] [ARGS ...] [TIMEOUT s])
# builds one test program and registers it once per rank count: name-r1, name-r2, ...
set(QV_TEST_ENVIRONMENT
    OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_sharedfp=^sm
    OMPI_MCA_btl=self,vader,tcp OMPI_MCA_mpi_yield_when_idle=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
    CMOCKA_MESSAGE_OUTPUT=STDOUT)
execute_process(COMMAND id -u OUTPUT_VARIABLE QV_UID OUTPUT_STRIP_TRAILING_WHITESPACE)
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
  cmake_parse_arguments(T "" "TIMEOUT" "LABELS;COMMAND" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(NOT T_LABELS)
    set(T_LABELS unit quick)
  endif()
  add_test(NAME ${name}-r${ranks} COMMAND ${MPIEXEC_EXECUTABLE} -q ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${T_COMMAND})
  set_tests_properties(${name}-r${ranks} PROPERTIES PROCESSORS ${ranks} TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}"
                       ENVIRONMENT "${QV_TEST_ENVIRONMENT}")
endfunction()

function(qv_add_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LIBRARIES;RANKS;LABELS;ARGS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LIBRARIES} PkgConfig::CMOCKA qv_warnings)
  target_compile_definitions(${name} PRIVATE QV_DATA_DIR="${PROJECT_SOURCE_DIR}/validation/data")
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/validation)
  if(NOT T_RANKS)
    set(T_RANKS 1)
  endif()
  foreach(ranks IN LISTS T_RANKS)
    qv_add_mpi_test(${name} ${ranks} TIMEOUT ${T_TIMEOUT} LABELS ${T_LABELS} COMMAND $<TARGET_FILE:${name}> ${T_ARGS})
  endforeach()
endfunction()
