--[[ Typst: figures with alternative text, floats across both columns, a list of references. ]]

local utils = pandoc.utils

local LARGEST = 5e6  -- bytes of a table; a PDF with a larger one would be too large to send
local ATTACH = '#pdf.attach(%s, relationship: "data", mime-type: "text/csv", description: %s);'

local function raw(text)
  return pandoc.RawInline("typst", text)
end

local function block(text)
  return pandoc.RawBlock("typst", text)
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", " ") .. '"'
end

--- What gives the element before it an identifier, which may have signs that <…> may not.
local function label(id)
  return ("label(%s)"):format(quoted(id))
end

local function scope(element)
  return element.classes:includes("wide") and '"parent"' or '"column"'
end

local attached = {}                   -- the tables that go along with the PDF

--- Whether a file is a table of the results that can go along with the PDF.
local function is_small(path)
  local file = io.open(path)
  if not file then return false end
  local size = file:seek("end")
  file:close()
  return size <= LARGEST
end

--- The tables that a figure is drawn from are attached to the PDF, and its caption says so.
local function with_data(caption)
  return utils.blocks_to_inlines(caption):walk { Code = function(code)
    local name = code.text:match("^[%w_]+%.csv$")
    if not name or not is_small(name) then return end
    local attach = attached[name] and "" or ATTACH:format(quoted(name), quoted("The table " .. name))
    attached[name] = true
    return { raw(attach), code, pandoc.Str(" (attached)") }
  end }
end

local function figure(element)
  local image = element.content[1].content[1]
  local inlines = pandoc.Inlines {
    raw(("#figure(image(%s, alt: %s, width: 100%%), scope: %s, caption: ["):format(
      quoted(image.src), quoted(utils.stringify(image.caption)), scope(element)))
  }
  inlines:extend(with_data(element.caption.long))
  inlines:insert(raw("]) #" .. label(element.identifier)))
  return pandoc.Plain(inlines)
end

local function table_(element)
  local fit = element.classes:includes("prose") and "" or "\n#show table: fit"
  local numbering = element.classes:includes("continued") and ", numbering: none" or ""
  local before = ("#[#set figure(scope: %s%s)%s"):format(scope(element), numbering, fit)
  return { block(before), element, block("]") }
end

--- A formula is read aloud as its TeX. (The semicolon ends Typst's expression, whatever follows.)
local function formula(math)
  local before = raw(("#[#set math.equation(alt: %s)\n"):format(quoted(math.text)))
  -- pandoc makes \; no space at all, and \! a whole em back.
  math.text = math.text:gsub("\\;", "\\:"):gsub("\\!", "")
  return { before, math, raw("];") }
end

--- The label must directly follow its formula.
local function equation(span)
  if not span.classes:includes("equation") or span.identifier == "" then return end
  span.content:insert(1, raw('#[#set math.equation(numbering: "(1)")\n'))
  span.content:remove()
  span.content:insert(raw((" #%s]];"):format(label(span.identifier))))
  return span.content
end

local function link(element)
  if element.classes:includes("crossref") then
    return raw(("#ref(%s);"):format(label(element.target:sub(2))))
  end
end

--- Many short lines: small, in three columns.
local function sources(div)
  if not div.classes:includes("sources") then return end
  div.content:insert(1, block("#sources["))
  div.content:insert(block("]"))
  return div.content
end

local function first(element)
  return element and element.t == "Para" and element.content[1] or {}
end

local function is_equation(element)
  return first(element).t == "Span" and first(element).classes:includes("equation")
end

--- A sentence's parts stay together: what leads to an equation, the equation, and what goes on. A
--- long paragraph would leave a hole where it goes to the next column whole.
local function with_equations(blocks)
  local result = pandoc.Blocks {}
  for i, element in ipairs(blocks) do
    local after = blocks[i + 1]
    local goes_on = is_equation(element) and (first(after).text or ""):match("^%l")
    local leads = element.t == "Para" and is_equation(after)
      and utf8.len(utils.stringify(element)) < 700
    if leads or goes_on then
      local follows = not is_equation(element) and i > 1 and blocks[i - 1].t == "Para"
      result:extend { block(("#together(indent: %s)["):format(follows)), element, block("]") }
    else
      result:insert(element)
    end
  end
  return result
end

local function references(div)
  if div.identifier ~= "refs" then return end
  local blocks = pandoc.Blocks {}
  for _, entry in ipairs(div.content) do
    local inlines = pandoc.Inlines { raw("#entry[") }
    inlines:extend(entry.content[1].content[1].content)
    inlines:insert(raw("]["))
    inlines:extend(entry.content[1].content[2].content)
    inlines:insert(raw("] #" .. label(entry.identifier)))
    blocks:insert(pandoc.Plain(inlines))
  end
  return blocks
end

function Pandoc(doc)
  local blocks, in_appendix, heading = pandoc.Blocks {}, false, 0
  for _, element in ipairs(doc.blocks) do
    if element.t == "Header" and element.classes:includes("appendix") and not in_appendix then
      in_appendix = true
      blocks:insert(block("#show: appendix"))
    end
    if element.t == "Header" then heading = #blocks + 1 end
    if element.t == "Div" and element.classes:includes("sources") and heading > 0 then
      blocks:insert(heading, block("#pagebreak(weak: true)"))      -- columns begin a page
    end
    if in_appendix and element.t == "Table" then     -- in one column there is no other
      element.classes = element.classes:filter(function(class) return class ~= "wide" end)
    end
    blocks:insert(element)
  end
  doc.blocks = with_equations(blocks)
  local language = doc.meta.language
  doc.meta.language, doc.meta.region = language:match("^%a+"), language:match("%-(%u%u)$")
  -- The PDF's metadata takes authors as strings, the page takes them as text.
  doc.meta["author-strings"] = pandoc.List(doc.meta.author or {}):map(function(author)
    return pandoc.Inlines { raw(quoted(utils.stringify(author))) }
  end)
  return doc:walk {
    Figure = figure, Table = table_, Math = formula, Span = equation, Link = link,
    Div = function(div) return sources(div) or references(div) end,
  }
end
