# Puts the files of a folder into a table of C texts, so that the program can write them without being installed:
# qv_embed_examples(FOLDER OUT) makes OUT, which defines qv_example_files of driver/qv_new.h.
function(qv_embed_examples folder out)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(rows "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" hex "${hex}")
    string(REGEX REPLACE "(\\\\x0a)" "\\1\"\n     \"" hex "${hex}")
    string(APPEND rows "    {\"${name}\",\n     \"${hex}\"},\n")
  endforeach()
  set(text "/* Made by cmake/QvExamples.cmake. */
#include \"driver/qv_new.h\"

const qv_example_file qv_example_files[] = {
${rows}    {NULL, NULL}};
")
  file(CONFIGURE OUTPUT ${out} CONTENT "${text}" @ONLY)
endfunction()
