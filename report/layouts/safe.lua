--[[ Refuses what is neither text nor a formula, and what leads out of the report: a link that is a
program, a picture from elsewhere, an attribute that a browser, LaTeX or Typst obeys. Runs last of the
shared filters, since the fields of a bibliography are TeX from elsewhere. It also refuses what only
some formats can write. What follows a message's last colon is a part of the source: by that,
its line is found. ]]

local utils = pandoc.utils

local function set(words)
  local found = {}
  for word in words:gmatch("%S+") do found[word] = true end
  return found
end

local METADATA = set [[title subtitle author abstract keywords lang bibliography
  csl link-citations reference-section-title]]
local ATTRIBUTES = set [[alt number label file row seeds rule role entry-spacing line-spacing]]

local function refuse(message, ...)
  error(message:format(...), 0)       -- level 0: the message alone, without a place in this file
end

--- An element's name and attributes; those of citations and of the filters before are among these.
local function attributes(element)
  if not element.identifier:match("^[%w_.:/+\x80-\xff-]*$") then
    refuse("an identifier can only have letters, digits, '-', '_', '.' and ':': %s", element.identifier)
  end
  for name in pairs(element.attributes) do
    if not ATTRIBUTES[name] then refuse("the attribute '%s' is not allowed here", name) end
  end
end

local function link(element)
  local target = element.target
  local scheme = target:match("^([^/?#]*):")
  if scheme and not set("http https mailto")[scheme:lower()] then
    refuse("a link must begin with http:, https: or mailto:, or lead into the report: %s", target)
  end
  attributes(element)
  -- A DOI may have signs that an address may not have.
  element.target = target:gsub('[%c%s<>"\\^`{|}]', function(sign)
    return ("%%%02X"):format(sign:byte())
  end)
  return element
end

--- The commands that MathML, Typst and LaTeX with amsmath and amssymb all have.
local function commands()
  local file = io.open(pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), "maths.txt" })
  local names = set(file:read("a"))
  file:close()
  return names
end

local COMMANDS = commands()
local ENVIRONMENTS = set [[aligned alignedat array bmatrix Bmatrix cases gathered matrix pmatrix
  smallmatrix split vmatrix Vmatrix]]

local function formula(element)
  local text = element.text
  if text:find("^^", 1, true) then refuse("^^ is not mathematics, in the formula: %s", text) end
  for name in text:gsub("\\\\", ""):gmatch("\\(%a+)") do
    if not COMMANDS[name] then refuse("not all formats have \\%s, in the formula: %s", name, text) end
  end
  for name in text:gmatch("\\begin%s*{(.-)}") do
    if not ENVIRONMENTS[name] then
      refuse("not all formats have the environment %s, in the formula: %s", name, text)
    end
  end
end

local function unsupported(element)
  refuse("not all formats have text that is %s: %s", element.t:lower(), utils.stringify(element))
end

--- LaTeX loses notes of what floats.
local function note(element)
  refuse("a title, a heading, a table and a figure cannot have a note: %s",
    utils.stringify(element.content))
end

local function span(element)
  if element.classes:includes("mark") then
    refuse("not all formats have text that is marked: %s", utils.stringify(element))
  end
  attributes(element)
end

local function raw(element)
  refuse("%s is not text, in the bibliography: %s", element.format, element.text)
end

local function stray(image)
  refuse("an image must stand alone in its paragraph, with a caption: %s", image.src)
end

--- The picture lies in the results; its caption is text.
local function figure(element)
  element.caption.long:walk { Image = stray }
  local src = element.content[1].content[1].src
  if not src:match("^[%w_][%w_./-]*%.svg$") or src:find("..", 1, true) then
    refuse("a figure must be an .svg in results/: %s", src)
  end
  return element, false
end

function Pandoc(doc)
  for name in pairs(doc.meta) do
    if not METADATA[name] then
      refuse("the head of the report cannot have '%s' (allowed: title, subtitle, author, abstract, "
        .. "keywords, lang): %s", name, name)
    end
  end
  if doc.meta.author and utils.type(doc.meta.author) ~= "List" then
    doc.meta.author = { doc.meta.author }
  end
  for _, author in ipairs(doc.meta.author or {}) do
    if utils.type(author) ~= "Inlines" then
      refuse("an author is a name, without more, in the head of the report: author")
    end
  end
  local lang = utils.stringify(doc.meta.lang or "en")
  if not lang:match("^%a%a%a?$") and not lang:match("^%a%a%a?%-[%w-]+$") then
    refuse("lang must be a code such as de or zh-Hans: %s", lang)
  end
  -- Pandoc's own variable would ask for a translation of its words, which many languages lack.
  doc.meta.lang, doc.meta.language = nil, lang
  doc:walk { traverse = "topdown", Figure = figure, Image = stray }
  local abstract = doc.meta.abstract
  doc.meta.abstract = nil
  pandoc.Pandoc({}, doc.meta):walk { Note = note }
  doc.meta.abstract = abstract
  for _, kind in ipairs { "Figure", "Header", "Table" } do
    doc:walk { [kind] = function(element) element:walk { Note = note } end }
  end
  return doc:walk {
    Link = link, Math = formula, RawInline = raw, RawBlock = raw,
    Strikeout = unsupported, Underline = unsupported,
    Code = attributes, CodeBlock = attributes, Div = attributes, Figure = attributes,
    Header = attributes, Image = attributes, Span = span, Table = attributes,
  }
end
