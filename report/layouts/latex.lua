--[[ LaTeX: floats that fit IEEEtran's two columns, \ref, \cite and a plain bibliography. ]]

local utils = pandoc.utils

local function raw(text)
  return pandoc.RawInline("latex", text)
end

local function environment(element, name)
  return element.classes:includes("wide") and name .. "*" or name
end

local function caption(element)
  if element.classes:includes("continued") then
    local text = utils.blocks_to_inlines(element.caption.long)
    return pandoc.Inlines { raw("{\\footnotesize\\raggedright ") } .. text .. { raw("\\par}\\vskip 4pt\n") }
  end
  local inlines = pandoc.Inlines { raw("\\caption{") }
  inlines:extend(utils.blocks_to_inlines(element.caption.long))
  inlines:insert(raw(("}\\label{%s}\n"):format(element.identifier)))
  return inlines
end

local function figure(element)
  local image = element.content[1].content[1]
  local file = image.src:gsub("%.svg$", ".pdf")
  if not io.open(file, "rb") then error("figure not found: " .. file, 0) end
  local name = environment(element, "figure")
  local inlines = pandoc.Inlines {
    raw(("\\begin{%s}[t]\n\\centering\n"):format(name)),
    raw(("\\includegraphics[width=\\linewidth]{%s}\n"):format(file)),
  }
  inlines:extend(caption(element))
  inlines:insert(raw(("\\end{%s}"):format(name)))
  return pandoc.Plain(inlines)
end

local function row(cells)
  local inlines = pandoc.Inlines {}
  for i, cell in ipairs(cells) do
    if i > 1 then inlines:insert(raw(" & ")) end
    inlines:extend(utils.blocks_to_inlines(cell.contents))
  end
  inlines:insert(raw(" \\\\\n"))
  return inlines
end

--- Text is broken into lines (tabulary's L) where a table would be too wide without; a table of
--- short cells keeps its lines whole and shrinks instead.
local function table_(element)
  local left = element.classes:includes("prose") and "L" or "l"
  local letters = { AlignRight = "r", AlignCenter = "c" }
  local columns = element.colspecs:map(function(spec) return letters[spec[1]] or left end)
  local tabular = left == "L" and "tabulary" or "tabular"
  local width = left == "L" and "{\\linewidth}" or ""
  local name = environment(element, "table")
  local inlines = pandoc.Inlines { raw(("\\begin{%s}[t]\n\\centering\n"):format(name)) }
  inlines:extend(caption(element))
  inlines:insert(raw("\\begin{adjustbox}{max width=\\linewidth}\n"))
  inlines:insert(raw(("\\begin{%s}%s{@{}%s@{}}\n\\toprule\n"):format(
    tabular, width, table.concat(columns))))
  for _, cells in ipairs(element.head.rows) do inlines:extend(row(cells.cells)) end
  inlines:insert(raw("\\midrule\n"))
  for _, body in ipairs(element.bodies) do
    for _, cells in ipairs(body.body) do inlines:extend(row(cells.cells)) end
  end
  local ends = "\\bottomrule\n\\end{%s}\n\\end{adjustbox}\n\\end{%s}"
  inlines:insert(raw(ends:format(tabular, name)))
  return pandoc.Plain(inlines)
end

local function equation(span)
  if not span.classes:includes("equation") or span.identifier == "" then return end
  local tex = span.content[1].text:match("^%s*(.-)%s*$")
  return raw(("\\begin{equation}\\label{%s}\n%s\n\\end{equation}"):format(span.identifier, tex))
end

local function link(element)
  if not element.classes:includes("crossref") then return end
  local label, id = element.attributes.label, element.target:sub(2)
  return raw(label == "" and ("\\eqref{%s}"):format(id) or ("%s~\\ref{%s}"):format(label, id))
end

--- One \cite for several keys; a key with a place in the work (`[@key, sec. 2]`) has its own.
local function citation(cite)
  local places = cite.citations:filter(function(c) return #c.suffix > 0 or #c.prefix > 0 end)
  if #places == 0 then
    local keys = cite.citations:map(function(c) return c.id end)
    return raw(("\\cite{%s}"):format(table.concat(keys, ",")))
  end
  local inlines = pandoc.Inlines {}
  for i, c in ipairs(cite.citations) do
    if i > 1 then inlines:insert(raw(", ")) end
    inlines:extend(c.prefix)
    if #c.prefix > 0 then inlines:insert(pandoc.Space()) end
    local place = utils.stringify(c.suffix):gsub("^[,%s]+", "")
    inlines:insert(raw("\\cite"))
    if place ~= "" then inlines:extend { raw("["), pandoc.Str(place), raw("]") } end
    inlines:insert(raw(("{%s}"):format(c.id)))
  end
  return inlines
end

--- Long names in a narrow column: ragged and small.
local function sources(div)
  if not div.classes:includes("sources") then return end
  div.content:insert(1, pandoc.RawBlock("latex", "{\\footnotesize\\raggedright"))
  div.content:insert(pandoc.RawBlock("latex", "\\par}"))
  return div.content
end

local function references(div)
  if div.identifier ~= "refs" then return end
  local inlines = pandoc.Inlines { raw(("\\begin{thebibliography}{%d}\n"):format(#div.content)) }
  for _, entry in ipairs(div.content) do
    inlines:insert(raw(("\\bibitem{%s} "):format(entry.identifier:gsub("^ref%-", ""))))
    inlines:extend(entry.content[1].content[2].content)
    inlines:insert(raw("\n"))
  end
  inlines:insert(raw("\\end{thebibliography}"))
  return pandoc.Plain(inlines)
end

--- Code breaks after the signs that separate its parts; a narrow column needs that.
local function code(element)
  local inlines = pandoc.Inlines {}
  for part in element.text:gmatch("[^/_.,=]*[/_.,=]*") do
    if part ~= "" then inlines:extend { pandoc.Code(part), raw("\\allowbreak{}") } end
  end
  inlines:remove()
  return inlines
end

local function code_block(block)
  if block.text:find("\\end{Verbatim}", 1, true) then
    error("a code block cannot contain \\end{Verbatim}", 0)
  end
  return pandoc.RawBlock("latex", "\\begin{Verbatim}\n" .. block.text .. "\n\\end{Verbatim}")
end

function Pandoc(doc)
  local blocks, in_appendix = pandoc.Blocks {}, false
  for i, block in ipairs(doc.blocks) do
    local after = doc.blocks[i + 1]
    local above_references = block.t == "Header" and after and after.identifier == "refs"
    if block.t == "Header" and block.classes:includes("appendix") and not in_appendix then
      in_appendix = true
      blocks:insert(pandoc.RawBlock("latex", "\\appendices"))
    end
    -- thebibliography brings its own heading.
    if not above_references then blocks:insert(block) end
  end
  doc.blocks = blocks
  return doc:walk {
    Figure = figure, Table = table_, Span = equation, Link = link, Cite = citation,
    Div = function(div) return sources(div) or references(div) end, Code = code, CodeBlock = code_block,
  }
end
