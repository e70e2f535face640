-- Drives a real Neovim: diagnostics arrive, a fix is applied, its diagnostic vanishes, hover and completion answer.
local folder, python = os.getenv("NEL_TEST_FOLDER"), os.getenv("NEL_TEST_PYTHON")
local said = {}
local function say(key, value)
  said[key] = value
end
local function finish()
  local file = assert(io.open(folder .. "/said.json", "w"))
  file:write(vim.fn.json_encode(said))
  file:close()
  vim.cmd("qa!")
end
local function until_true(what, check)
  if not vim.wait(20000, check, 20) then
    say("failed", what)
    finish()
  end
end

package.path = os.getenv("NEL_TEST_PLUGIN") .. "/?.lua;" .. package.path
require("nel_advisor").setup({ cmd = { python, "-m", "advisor", "lsp", "--debounce", "0.02" } })
vim.cmd("filetype on")
vim.cmd("edit " .. folder .. "/eval.yaml")

local function names()
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(0)) do
    found[#found + 1] = one.code or (one.user_data and one.user_data.lsp and one.user_data.lsp.code)
  end
  return found
end
until_true("diagnostics", function() return #names() > 0 end)
say("before", names())

local client = vim.lsp.get_active_clients()[1]
local function ask(method, line, character, more)
  local params = vim.tbl_extend("force", {
    textDocument = vim.lsp.util.make_text_document_params(0),
    position = { line = line, character = character },
  }, more or {})
  local answer = client.request_sync(method, params, 20000, vim.api.nvim_get_current_buf())
  return answer and answer.result
end

local line = vim.fn.search("walltime") - 1
say("hover", ask("textDocument/hover", line, 4))
local place = { line = line, character = 14 }
local actions = ask("textDocument/codeAction", line, 14, {
  range = { start = place, ["end"] = place },
  context = { diagnostics = vim.lsp.diagnostic.get_line_diagnostics(0, line) },
})
for _, action in ipairs(actions or {}) do
  if action.isPreferred then
    say("action", action.title)
    vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
  end
end
say("line", vim.api.nvim_buf_get_lines(0, line, line + 1, false)[1])
until_true("the diagnostic to vanish", function() return not vim.tbl_contains(names(), "NEL640") end)
say("after", names())

local labels = {}
local task = vim.fn.search("gsm8k") - 1
for _, item in ipairs((ask("textDocument/completion", task, 15) or { items = {} }).items) do
  labels[#labels + 1] = item.label
end
say("tasks", #labels)

local explained = client.request_sync("workspace/executeCommand", {
  command = "nel-advisor.explain",
  arguments = { vim.uri_from_bufnr(0), "NEL640" },
}, 20000, 0)
say("explained", explained and explained.result)

-- A config of nel-next, whose name has a blank in it.
vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/other config.yaml"))
until_true("diagnostics of nel-next", function() return vim.tbl_contains(names(), "NEL842") end)
for _, one in ipairs(vim.diagnostic.get(0)) do
  local lsp = one.user_data and one.user_data.lsp
  if lsp and lsp.code == "NEL842" then
    say("page", table.concat(vim.fn.readfile(vim.uri_to_fname(lsp.codeDescription.href)), "\n"))
  end
end
local benchmark = vim.fn.search("name: gpqa") - 1
say("benchmark", ask("textDocument/hover", benchmark, 12))
local solver = vim.fn.search("solver:") - 1
vim.api.nvim_buf_set_text(0, solver, 25, solver, 25, { ", " })
local keys = {}
for _, item in ipairs((ask("textDocument/completion", solver, 27) or { items = {} }).items) do
  keys[#keys + 1] = item.label
end
say("keys", keys)
say("symbols", #(ask("textDocument/documentSymbol", 0, 0) or {}))
finish()
