# Build step of EmbedTemplates: writes OUTPUT from FOLDER/*.yaml.
# SPDX-License-Identifier: Apache-2.0
file(GLOB files ${FOLDER}/*.yaml)
set(rows "")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND rows "    Template{\"${name}\", R\"YAML~(${text})YAML~\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// config_templates.cpp: made from config-templates/*.yaml by the build.
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include \"config/templates.hpp\"

namespace neurolake::config {

static constexpr std::array k_templates = {
${rows}};

std::span<const Template> templates() { return k_templates; }

}  // namespace neurolake::config
")
