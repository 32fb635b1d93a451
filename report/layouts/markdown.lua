--[[ GitHub's Markdown: everything resolved to plain text, nothing that only a converter reads. ]]

local utils = pandoc.utils

local function raw(text)
  return pandoc.RawInline("markdown", text)
end

local function resource(path)
  return pandoc.layout.render(PANDOC_WRITER_OPTIONS.variables.resources) .. "/" .. path
end

local function caption(element, label)
  local inlines = pandoc.Inlines {
    pandoc.Strong(("%s\u{a0}%s."):format(label, element.attributes.number)), pandoc.Space()
  }
  inlines:extend(utils.blocks_to_inlines(element.caption.long))
  return pandoc.Para(inlines)
end

local function figure(element)
  local image = element.content[1].content[1]
  return {
    pandoc.Para { pandoc.Image(image.caption, resource(image.src)) },
    caption(element, "Fig."),
  }
end

local function table_(element)
  local text = caption(element, "Table")
  element.caption = { long = {} }
  element.attr = pandoc.Attr()
  return { text, element }
end

--- A displayed formula becomes a paragraph of its own; its number is TeX's \tag.
local function paragraph(para)
  local blocks, line = pandoc.Blocks {}, pandoc.Inlines {}
  local function close()
    while #line > 0 and (line[1].t == "Space" or line[1].t == "SoftBreak") do line:remove(1) end
    if #line > 0 then blocks:insert(pandoc.Para(line)) end
    line = pandoc.Inlines {}
  end
  for _, item in ipairs(para.content) do
    if item.t == "Span" and item.classes:includes("equation") then
      local number = item.attributes.number and ("\\tag{%s}\n"):format(item.attributes.number) or ""
      close()
      blocks:insert(pandoc.Para(raw("$$\n" .. utils.stringify(item.content):match("^%s*(.-)%s*$")
        .. "\n" .. number .. "$$")))
    else
      line:insert(item)
    end
  end
  close()
  return blocks
end

local function heading(header)
  local number = header.attributes.number
  if number then
    local prefix = number:match("^%a$") and ("Appendix %s: "):format(number) or number .. " "
    header.content:insert(1, pandoc.Str(prefix))
  end
  return pandoc.Header(header.level + 1, header.content)
end

local function link(element)
  if element.classes:includes("crossref") then return element.content end
end

--- What has no counterpart would come out as HTML, as the bibliography's mark for titles whose case
--- stays.
local function span(element)
  if element.classes:includes("nocase") or element.classes:includes("source") then
    return element.content
  end
end

--- Bare brackets: pandoc would write \[1\].
local function citation(cite)
  return raw((utils.stringify(cite.content):gsub("[\\`*_<>&|$~#!]", "\\%0")))
end

--- A reader without formulas must not take `a <b` for HTML.
local function formula(math)
  math.text = math.text:gsub("<(%S)", "< %1")
  return math
end

local function references(div)
  if div.classes:includes("sources") then return div.content end
  if div.identifier ~= "refs" then return end
  local items = div.content:map(function(entry)
    return { pandoc.Plain(entry.content[1].content[2].content) }
  end)
  return pandoc.OrderedList(items)
end

function Pandoc(doc)
  return doc:walk {
    Figure = figure, Table = table_, Para = paragraph, Header = heading, Link = link,
    Cite = citation, Div = references, Span = span, Math = formula,
  }
end
