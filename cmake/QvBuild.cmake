# Writes qv_build.h: version, git commit and how the program was compiled. Run at every build as
#   cmake -DOUT=... -DSOURCE=... -DVERSION=... -DCOMPILER=... -DFLAGS=... -P QvBuild.cmake
# The file is touched only when its content changes, so that a build without a new commit compiles nothing.
set(commit "unknown")
find_program(GIT_PROGRAM git)
if(GIT_PROGRAM AND EXISTS "${SOURCE}/.git")
  execute_process(COMMAND ${GIT_PROGRAM} -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE head
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    execute_process(COMMAND ${GIT_PROGRAM} -C ${SOURCE} --no-optional-locks status --porcelain --untracked-files=no
                    OUTPUT_VARIABLE changes ERROR_QUIET)
    set(commit "${head}")
    if(changes)
      string(APPEND commit "-dirty")
    endif()
  endif()
endif()
set(text "/* Made by cmake/QvBuild.cmake. */
#define QV_BUILD_VERSION  \"${VERSION}\"
#define QV_BUILD_COMMIT   \"${commit}\"
#define QV_BUILD_COMPILER \"${COMPILER}\"
#define QV_BUILD_FLAGS    \"${FLAGS}\"
")
set(old "")
if(EXISTS "${OUT}")
  file(READ "${OUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUT}" "${text}")
endif()
