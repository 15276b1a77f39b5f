# A planted fault: a copy of a source file with a patch applied. cmake -DPATCH=… -DFILE=… -DOUT=… -P plant.cmake
get_filename_component(folder ${OUT} DIRECTORY)
file(MAKE_DIRECTORY ${folder})
execute_process(COMMAND patch --silent --fuzz=0 --no-backup-if-mismatch --output=${OUT} ${FILE} ${PATCH}
  RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(NOT result EQUAL 0)
  file(REMOVE ${OUT} ${OUT}.rej)
  message(FATAL_ERROR "${PATCH} does not fit ${FILE} any more: plant the fault anew.\n${said}")
endif()
