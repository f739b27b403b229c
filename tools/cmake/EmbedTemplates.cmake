# Makes one source file of config-templates/*.yaml, so that the binary carries them.
# SPDX-License-Identifier: Apache-2.0
function(neurolake_embed_templates target folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.yaml)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/config_templates.cpp)
  set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/embed_templates_step.cmake)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output} -P ${script}
    DEPENDS ${files} ${script} VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
