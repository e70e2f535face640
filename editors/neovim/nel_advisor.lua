-- nel-advisor for Neovim. `require("nel_advisor").setup()`; with 0.11 and later the lines in ../README.md are enough.
local M = {}

-- `nel-advisor` of the workspace's virtual environment, else the one on PATH.
function M.command(root)
  for _, folder in ipairs({ ".venv", "venv" }) do
    local path = (root or vim.fn.getcwd()) .. "/" .. folder .. "/bin/nel-advisor"
    if vim.fn.executable(path) == 1 then
      return { path, "lsp" }
    end
  end
  return { "nel-advisor", "lsp" }
end

local function root_of(buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  local folder = name ~= "" and vim.fn.fnamemodify(name, ":p:h") or vim.fn.getcwd()
  for _, mark in ipairs({ ".nel-advisor.yaml", ".git" }) do
    local found = vim.fn.finddir(mark, folder .. ";")
    if found == "" then
      found = vim.fn.findfile(mark, folder .. ";")
    end
    if found ~= "" then
      return vim.fn.fnamemodify(found, ":p:h" .. (vim.fn.isdirectory(found) == 1 and ":h" or ""))
    end
  end
  return folder
end

-- Starts the server for a buffer, or attaches the one that runs for the same root. `options` are those of
-- vim.lsp.start_client: cmd, init_options, on_attach, ...
local running = {}
function M.attach(buffer, options)
  local root = root_of(buffer)
  local client = running[root]
  if not client or not vim.lsp.get_client_by_id(client) then
    local config = vim.tbl_deep_extend("force", {
      name = "nel-advisor",
      cmd = M.command(root),
      root_dir = root,
      workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    }, options or {})
    client = vim.lsp.start_client(config)
    running[root] = client
  end
  if client then
    vim.lsp.buf_attach_client(buffer, client)
  end
  return client
end

function M.setup(options)
  vim.api.nvim_create_autocmd("FileType", {
    pattern = "yaml",
    callback = function(event)
      M.attach(event.buf, options)
    end,
  })
end

return M
