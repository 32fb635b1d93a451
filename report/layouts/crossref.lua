--[[ Numbers sections, figures, tables and equations, and resolves the references to them.

An author names a thing once, `{#fig:losses}`, and refers to it as `@fig:losses`; this filter runs
first, for every format. It leaves the number in an attribute (`number`) of the thing and turns each
reference into a link of class `crossref` (attribute `label`: "Fig.", "Table"), which the filter
of the format then writes in its own way. ]]

local labels = { fig = "Fig.", tbl = "Table", sec = "Section", eq = "" }
local targets = {}                    -- identifier → { label =, number = }
local count = { fig = 0, tbl = 0, eq = 0 }
local section, in_appendix = { 0, 0, 0 }, false

local function fail(message)
  error(message, 0)                   -- level 0: the message alone, without a place in this file
end

local function kind_of(id)
  local kind = id:match("^(%a+):")
  return kind and labels[kind] and kind
end

local function define(id, kind, number)
  if id:match("^(%a+):") ~= kind then
    fail(("the identifier of this must begin with '%s:': %s"):format(kind, id))
  elseif targets[id] then
    fail("an identifier is used twice: #" .. id)
  end
  local label = (kind == "sec" and in_appendix) and "Appendix" or labels[kind]
  targets[id] = { label = label, number = number }
end

local function next_number(kind, id)
  count[kind] = count[kind] + 1
  define(id, kind, tostring(count[kind]))
  return tostring(count[kind])
end

--- A number in a heading, an alternative text or the metadata cannot be a link: its mark (see
--- scripts/writing/bound.py) loses its source.
local unlinked = {
  Str = function(str)
    str.text = str.text:gsub("\u{e000}.-\u{e001}", "\u{e000}\u{e001}")
    return str
  end
}

--- 1, 1.1, 1.1.1; from the first heading of class `appendix` on: A, A.1.
local function number_section(header)
  if header.level > 3 then
    fail("headings have three levels at most: " .. pandoc.utils.stringify(header))
  elseif header.classes:includes("unnumbered") then
    return
  end
  if header.classes:includes("appendix") and not in_appendix then
    in_appendix, section[1] = true, 0
  end
  section[header.level] = section[header.level] + 1
  for level = header.level + 1, 3 do section[level] = 0 end
  local parts = { table.unpack(section, 1, header.level) }
  if in_appendix then parts[1] = string.char(64 + parts[1]) end
  header.attributes.number = table.concat(parts, ".")
  if kind_of(header.identifier) then
    define(header.identifier, "sec", header.attributes.number)
  end
  return header
end

--- `![Caption](figures/a.svg){#fig:a .wide alt="…"}` alone in its paragraph. Pandoc
--- makes it a figure whose content is a block with the image alone.
local function number_figure(figure)
  local image = figure.content[1].content[1]
  if #figure.identifier == 0 then fail("a figure needs an identifier: " .. image.src) end
  if #image.caption == 0 then fail("a figure needs alt=\"…\": " .. image.src) end
  if not io.open(image.src, "rb") then fail("figure not found: " .. image.src) end
  figure.attributes.number = next_number("fig", figure.identifier)
  figure.classes = image.classes
  return figure
end

--- Gives texts that are long enough to be broken into lines the class `text`, and returns whether
--- one stands in a left-aligned column. (The marks of numbers, see scripts/writing/bound.py, are not
--- shown.)
local function mark_texts(tbl)
  local prose = false
  tbl.bodies = tbl.bodies:map(function(body)
    for _, row in ipairs(body.body) do
      for i, cell in ipairs(row.cells) do
        local text = pandoc.utils.stringify(cell.contents)
          :gsub("\u{e000}.-\u{e001}", ""):gsub("\u{e002}", "")
        if utf8.len(text) > 30 then
          cell.classes:insert("text")
          local side = tbl.colspecs[i][1]
          prose = prose or side ~= "AlignRight" and side ~= "AlignCenter"
        end
      end
    end
    return body
  end)
  return prose
end

--- A pipe table with a caption `: Caption {#tbl:a .wide}`.
local function number_table(tbl)
  if #tbl.identifier == 0 or #tbl.caption.long == 0 then
    fail("below a table there must be an empty line and then ': Caption. {#tbl:name}': "
      .. pandoc.utils.stringify(tbl.head.rows[1].cells[1].contents))
  end
  tbl.attributes.number = next_number("tbl", tbl.identifier)
  if mark_texts(tbl) then tbl.classes:insert("prose") end
  -- Widths taken from the source's dashes mean nothing here: each format finds its own.
  tbl.colspecs = tbl.colspecs:map(function(spec) return { spec[1], nil } end)
  return tbl
end

--- `$$ … $$ {#eq:a}`: the identifier follows the formula as plain text.
local function number_equations(inlines)
  local result, i = pandoc.Inlines {}, 1
  while i <= #inlines do
    local item = inlines[i]
    if item.t == "Math" and item.mathtype == "DisplayMath" then
      local attr = pandoc.Attr("", { "equation" })
      local after = inlines[i + 1]
      local skip = after and (after.t == "Space" or after.t == "SoftBreak") and 2 or 1
      local text = inlines[i + skip]
      local id, rest = (text and text.t == "Str" and text.text or ""):match("^{#([^}]+)}(.*)$")
      if id then
        attr = pandoc.Attr(id, { "equation" }, { number = next_number("eq", id) })
        i = i + skip
      end
      result:insert(pandoc.Span({ item }, attr))
      if id and rest ~= "" then result:insert(pandoc.Str(rest)) end
    else
      result:insert(item)
    end
    i = i + 1
  end
  return result
end

--- Delimiters of fixed size are replaced by ones that grow with what they enclose, and \| next to
--- \left becomes \Vert: pandoc translates only these well into MathML and Typst.
local function grow_delimiters(math)
  math.text = math.text
    :gsub("\\[bB]igg?l%f[%A]", "\\left"):gsub("\\[bB]igg?r%f[%A]", "\\right")
    :gsub("\\left%s*\\|%s*", "\\left\\Vert "):gsub("\\right%s*\\|%s*", "\\right\\Vert ")
  return math
end

local function reference(citation)
  local id = citation.id
  local target = targets[id]
  if not target then
    fail(("nothing is marked with the identifier of the reference: @%s"):format(id))
  elseif #citation.prefix > 0 or #citation.suffix > 0 then
    fail(("write the words around a reference outside of its brackets: @%s"):format(id))
  end
  local text = target.label == "" and ("(%s)"):format(target.number)
    or target.label .. "\u{a0}" .. target.number
  return pandoc.Link(text, "#" .. id, "", { class = "crossref", label = target.label })
end

--- `@fig:a`, `[@fig:a]` or `[@fig:a; @tbl:b]`; any other key is left to the bibliography.
local function resolve(cite)
  local crossrefs = cite.citations:filter(function(c) return kind_of(c.id) end)
  if #crossrefs == 0 then return end
  if #crossrefs < #cite.citations then
    fail("cite and refer in brackets of their own: " .. pandoc.utils.stringify(cite))
  end
  local result = pandoc.Inlines {}
  for i, citation in ipairs(crossrefs) do
    if i > 1 then result:extend { pandoc.Str ",", pandoc.Space() } end
    result:insert(reference(citation))
  end
  return result
end

local function without_links_outside_of_text(doc)
  local abstract = doc.meta.abstract
  doc.meta = pandoc.Pandoc({}, doc.meta):walk(unlinked).meta
  doc.meta.abstract = abstract
  return doc:walk {
    Header = function(header) return header:walk(unlinked) end,
    Image = function(image) return image:walk(unlinked) end,
  }
end

function Pandoc(doc)
  if not doc.meta.title then fail("the report has no title") end
  doc = without_links_outside_of_text(doc)
  doc = doc:walk {
    traverse = "topdown",             -- the order of the document, so that numbers follow it
    Header = number_section,
    Figure = function(figure) return number_figure(figure), false end,
    Table = function(tbl) return number_table(tbl), false end,
    Inlines = function(inlines) return number_equations(inlines), false end,
  }
  return doc:walk { Cite = resolve, Math = grow_delimiters }
end
