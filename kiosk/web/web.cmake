# The kiosk's pages: style sheet made with NHS.UK frontend by npm and sass at build time, simple-keyboard, templates and script as they stand;
# all carried in the binary.
# The package is installed in the build folder, so that the source tree stays clean.
find_program(NPM npm REQUIRED)
set(web_source ${CMAKE_SOURCE_DIR}/kiosk/web)
set(web_build ${CMAKE_BINARY_DIR}/kiosk-web)

add_custom_command(OUTPUT ${web_build}/installed
  COMMAND ${CMAKE_COMMAND} -E make_directory ${web_build}
  COMMAND ${CMAKE_COMMAND} -E copy ${web_source}/package.json ${web_source}/package-lock.json ${web_source}/.npmrc ${web_build}
  COMMAND ${NPM} --prefix ${web_build} ci --omit=optional --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${web_build}/installed
  DEPENDS ${web_source}/package.json ${web_source}/package-lock.json ${web_source}/.npmrc
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Fetching NHS.UK frontend" VERBATIM)
# What no page, nor the script, names is taken out of the style sheet.
file(GLOB styles CONFIGURE_DEPENDS ${web_source}/*.scss)
file(GLOB pages CONFIGURE_DEPENDS ${web_source}/*.html ${web_source}/*.js ${web_source}/*.css)
add_custom_command(OUTPUT ${web_build}/style.css
  COMMAND ${CMAKE_COMMAND} -E copy ${styles} ${pages} ${web_source}/trim.mjs ${web_build}
  COMMAND ${NPM} --prefix ${web_build} run build --silent
  DEPENDS ${web_build}/installed ${styles} ${pages} ${web_source}/trim.mjs
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Making the kiosk's style sheet" VERBATIM)

# The keyboard, and a layout for each language that a page loads beside it.
find_program(NODE node REQUIRED)
set(keyboards_source ${CMAKE_SOURCE_DIR}/kiosk/keyboards)
add_custom_command(OUTPUT ${web_build}/keyboard.js
  COMMAND ${CMAKE_COMMAND} -E copy ${web_build}/node_modules/simple-keyboard/build/index.modern.js ${web_build}/keyboard.js
  DEPENDS ${web_build}/installed VERBATIM)
file(GLOB layouts CONFIGURE_DEPENDS ${keyboards_source}/*.json)
set(keyboards "")
foreach(layout IN LISTS layouts)
  get_filename_component(language ${layout} NAME_WE)
  set(made ${web_build}/keyboard-${language}.js)
  add_custom_command(OUTPUT ${made}
    COMMAND ${NODE} ${keyboards_source}/layout.mjs ${made} ${layout} ${keyboards_source}/en.json
    DEPENDS ${web_build}/installed ${keyboards_source}/layout.mjs ${layout} ${keyboards_source}/en.json VERBATIM)
  list(APPEND keyboards ${made})
endforeach()

qip_embed(qip-kiosklib kiosk_assets ${pages} ${web_build}/style.css ${web_build}/keyboard.js ${keyboards})

# What the screen says, in each language.
set(texts_source ${CMAKE_SOURCE_DIR}/kiosk/texts)
set(texts_table ${CMAKE_BINARY_DIR}/embed/kiosk_texts.c)
file(GLOB texts CONFIGURE_DEPENDS ${texts_source}/*.json)
add_custom_command(OUTPUT ${texts_table}
  COMMAND ${NODE} ${texts_source}/table.mjs ${texts_table} ${texts}
  DEPENDS ${texts_source}/table.mjs ${texts} COMMENT "Making the tables of texts" VERBATIM)
target_sources(qip-kiosklib PRIVATE ${texts_table})
