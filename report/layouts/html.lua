--[[ HTML: figures are embedded, tables scroll in a frame of their own, equations carry numbers. ]]

local utils = pandoc.utils

local function raw(text)
  return pandoc.RawInline("html", text)
end

local function escaped(text)
  local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
  return (text:gsub("[&<>\"]", entities))
end

local function opening(element, class)
  local own = element.classes:includes("wide") and " wide" or ""
  return ('<figure id="%s" class="%s%s">'):format(escaped(element.identifier), class, own)
end

--- The name of a table in the results, with a link to it.
local function name_of(file)
  return pandoc.Link(pandoc.Code(file), "../" .. file)
end

local files = {}                      -- the entries of the listing → their files

--- The tables of the results that hold an element's numbers, with a link to each.
local function data(element)
  local links, seen = pandoc.Inlines {}, {}
  for mark in utils.stringify(element):gmatch("\u{e000}(.-)\u{e001}") do
    for entry in mark:gmatch("(%d+):") do
      local name = (files[entry] or ""):match("^results/([%w_]+%.csv)$")
      if name and not seen[name] then
        links:extend { pandoc.Str(#links == 0 and " Data: " or ", "), name_of(name) }
        seen[name] = true
      end
    end
  end
  if #links > 0 then links:insert(pandoc.Str(".")) end
  return links
end

--- `<figcaption>` with a bold label before the author's words.
local function caption(element, label, more)
  local id = element.identifier .. "-caption"
  local inlines = pandoc.Inlines {
    raw(('<figcaption id="%s"><b>%s&nbsp;%s.</b> '):format(escaped(id), label,
      element.attributes.number))
  }
  inlines:extend(utils.blocks_to_inlines(element.caption.long))
  inlines:extend(more or {})
  inlines:insert(raw("</figcaption>"))
  return pandoc.Plain(inlines)
end

local function data_uri(path, kind)
  local file = io.open(path, "rb")
  local content = file:read("a")
  file:close()
  return pandoc.mediabag.make_data_uri(kind, content)
end

--- A frame that scrolls sideways on a narrow screen, also by keyboard.
local function frame(element)
  return ('<div class="scroll" role="region" tabindex="0" aria-labelledby="%s-caption">'):format(
    escaped(element.identifier))
end

local function figure(element)
  local image = element.content[1].content[1]
  local picture = ('<img src="%s" alt="%s">'):format(data_uri(image.src, "image/svg+xml"),
    escaped(utils.stringify(image.caption)))
  return {
    pandoc.RawBlock("html", opening(element, "picture") .. frame(element) .. picture .. "</div>"),
    caption(element, "Fig."),
    pandoc.RawBlock("html", "</figure>"),
  }
end

local function table_(element)
  local bare = element:clone()
  bare.caption = { long = {} }
  bare.attr = pandoc.Attr()
  return {
    pandoc.RawBlock("html", opening(element, "table")),
    caption(element, "Table", data(element)),
    pandoc.RawBlock("html", frame(element)),
    bare,
    pandoc.RawBlock("html", "</div></figure>"),
  }
end

local function equation(span)
  if not span.classes:includes("equation") then return end
  local number = span.attributes.number
  span.attributes = { tabindex = "0" }            -- a long formula scrolls, also by keyboard
  if number then
    span.content:insert(pandoc.Span("(" .. number .. ")", { class = "number" }))
  end
  return span
end

--- MathML has no space in `\tanh z`, and the font's prime is drawn to be raised.
local function formula(math)
  for _, name in ipairs { "cos", "exp", "ln", "log", "max", "min", "sin", "tanh" } do
    math.text = math.text:gsub("(\\" .. name .. ")%s+(%a)", "%1\\,%2")
  end
  math.text = math.text:gsub("(\\operatorname{%a+})%s+(%a)", "%1\\,%2")
    :gsub("(\\operatorname{%a+})%s+(\\operatorname)", "%1\\,%2")
    :gsub("'+", function(primes) return "\\text{" .. ("′"):rep(#primes) .. "}" end)
  return math
end

--- The number stands before the title; the report's title is the only first-level heading.
local function heading(header)
  local number = header.attributes.number
  header.attributes.number = nil
  if number then
    local prefix = number:match("^%a$") and "Appendix " .. number or number
    header.content:insert(1, pandoc.Span(prefix, { class = "number" }))
    header.content:insert(2, pandoc.Space())
  end
  header.classes = {}
  header.level = header.level + 1
  return header
end

local function link(element)
  element.attributes.label = nil
  return element
end

--- The lines of a table in the results, or none.
local function lines_of(file)
  local handle = io.open((file:gsub("^results/", "")), "r")
  if not handle then return pandoc.List {} end
  local lines = pandoc.List {}
  for line in handle:lines() do lines:insert(line) end
  handle:close()
  return lines
end

local read = {}                       -- file → its lines

--- An entry of the listing takes the focus of the number that leads to it, and knows its row.
local function source(element)
  local file, row = element.attributes.file, element.attributes.row
  read[file] = read[file] or lines_of(file)
  local lines = read[file]:filter(function(line) return line:sub(1, #row + 1) == row .. "," end)
  if #lines == 1 then
    element.attributes.header, element.attributes.cells = read[file][1], lines[1]
  end
  element.attributes.tabindex = "-1"
  return element
end

local function span(element)
  if element.classes:includes("source") then return source(element) end
  return equation(element) or element
end

--- Each file of the listing is folded away under the sentence on it.
local function sources(div)
  if not div.classes:includes("sources") then return end
  local blocks = pandoc.Blocks {}
  for _, element in ipairs(div.content) do
    if element.t == "Para" and element.content[1].t == "Strong" then
      if #blocks > 0 then blocks:insert(pandoc.RawBlock("html", "</details>")) end
      blocks:insert(pandoc.RawBlock("html", "<details><summary>"))
      -- A click on a summary opens it, so it holds no link.
      blocks:insert(pandoc.Plain(element.content):walk { Link = function(link)
        return link.content
      end })
      blocks:insert(pandoc.RawBlock("html", "</summary>"))
      local file = element.content[1].content[1]
      if file.t == "Link" then blocks:insert(pandoc.Plain(file)) end
    else
      blocks:insert(element)
    end
  end
  if #blocks > 0 then blocks:insert(pandoc.RawBlock("html", "</details>")) end
  div.content = blocks
  return div
end

--- The name of a table in the results leads to the table.
local function name(code)
  local file = code.text:match("^results/([%w_]+%.csv)$") or code.text:match("^[%w_]+%.csv$")
  if file then return name_of(file) end
end

local function code(block)
  block.attributes.tabindex = "0"
  return block
end

function Pandoc(doc)
  doc:walk { Span = function(span)
    if span.attributes.file then files[span.identifier:match("%d+$")] = span.attributes.file end
  end }
  local font = pandoc.path.join { pandoc.path.directory(PANDOC_SCRIPT_FILE), "maths.woff" }
  doc.meta["maths-font"] = raw(data_uri(font, "font/woff"))
  -- In an attribute there is room for text alone.
  local keywords = doc.meta.keywords or {}
  if utils.type(keywords) ~= "List" then keywords = { keywords } end
  doc.meta["keywords-meta"] = pandoc.List(keywords):map(utils.stringify)
  return doc:walk {
    Figure = figure, Table = table_, Span = span, Header = heading, Link = link,
    Code = name, CodeBlock = code, Math = formula, Div = sources,
  }
end
