--[[ What the two papers share: a table longer than half a page is split, since a float cannot break.
The parts after the first have no identifier, and the class `continued`. ]]

local LINES = 40                      -- of a part, at most
local continued = "Table\u{a0}%s, continued."
local WIDE, NARROW = 120, 55          -- letters in a line across the page and in a column

local function letters(blocks)
  local text = pandoc.utils.stringify(blocks):gsub("\u{e000}.-\u{e001}", ""):gsub("\u{e002}", "")
  return utf8.len(text)
end

--- How many lines each row takes, in columns as wide as their longest texts ask for.
local function lines_of(element, rows)
  if not element.classes:includes("prose") then return rows:map(function() return 1 end) end
  local widest, total = element.colspecs:map(function() return 0 end), 0
  local function each(row, visit)
    for i, cell in ipairs(row.cells) do visit(i, letters(cell.contents)) end
  end
  for _, row in ipairs(rows) do
    each(row, function(i, length) widest[i] = math.max(widest[i], length) end)
  end
  for _, width in ipairs(widest) do total = total + width end
  local room = math.min(total, element.classes:includes("wide") and WIDE or NARROW)
  return rows:map(function(row)
    local most = 1
    each(row, function(i, length)
      most = math.max(most, math.ceil(length / math.max(1, widest[i]) * total / room))
    end)
    return most
  end)
end

local function parts(element)
  local rows = pandoc.List {}
  for _, body in ipairs(element.bodies) do rows:extend(body.body) end
  local lines, total = lines_of(element, rows), 0
  for _, n in ipairs(lines) do total = total + n end
  local count = math.ceil(total / LINES)
  if count < 2 then return end
  local found, filled = pandoc.List {}, 0
  for i, row in ipairs(rows) do
    if filled >= #found * total / count then found:insert(pandoc.List {}) end
    found[#found]:insert(row)
    filled = filled + lines[i]
  end
  return found:map(function(own, i)
    local part = element:clone()
    part.bodies = { { attr = pandoc.Attr(), head = {}, body = own, row_head_columns = 0 } }
    if i > 1 then
      part.identifier = ""
      part.classes:insert("continued")
      part.caption = { long = { pandoc.Plain(continued:format(element.attributes.number)) } }
    end
    return part
  end)
end

function Pandoc(doc)
  local blocks, in_appendix = pandoc.Blocks {}, false
  for _, element in ipairs(doc.blocks) do
    in_appendix = in_appendix or element.t == "Header" and element.classes:includes("appendix")
    -- In Typst, the tables of an appendix do not float, and break by themselves.
    local parted = element.t == "Table" and not (in_appendix and FORMAT == "typst") and parts(element)
    blocks:extend(parted or { element })
  end
  doc.blocks = blocks
  return doc
end
