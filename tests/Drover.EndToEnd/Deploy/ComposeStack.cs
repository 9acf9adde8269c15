using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;

namespace Drover.EndToEnd.Deploy;

/// <summary>
/// The services of <c>compose.yaml</c> as processes: their commands, variables, secrets, volumes, health checks and order, with
/// free ports in place of the containers' own, and this host's name in place of theirs.
/// </summary>
internal sealed partial class ComposeStack : IAsyncDisposable
{
    private const string DataPath = "/var/lib/drover";

    private readonly Dictionary<string, string> _variables = [];
    private readonly Node _file = DeployFiles.Documents("compose.yaml")[0];
    private readonly int _apiPort = Sshd.FreePort();
    private readonly int _queuePort = Sshd.FreePort();
    private Cage? _cage;

    public string Folder { get; } = Path.Combine(Path.GetTempPath(), "drover-compose-" + Guid.NewGuid().ToString("N"));

    public HttpClient Http { get; } = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Each process with its service's name, in the order in which they were started.</summary>
    public List<(string Service, RunningProgram Program)> Running { get; } = [];

    public Cage Cage => _cage!;

    public IEnumerable<string> Services => _file["services"].Pairs.Select(pair => pair.Key);

    /// <summary>Makes the secrets and a program folder that only its owner may change.</summary>
    public async Task PrepareAsync()
    {
        Directory.CreateDirectory(Folder);
        var (code, output) = await ShellHost.ToolAsync("sh", Path.Combine(DeployFiles.Folder, "secrets.sh"), Path.Combine(Folder, "secrets"), "queue", "localhost");
        Assert.True(code == 0, output);
        foreach (string line in await File.ReadAllLinesAsync(Path.Combine(Folder, "secrets", "drover.env")))
            _variables[line.Split('=', 2)[0]] = line.Split('=', 2)[1];
        // An engine mounts the files alone: it is their own mode that counts, not that of the folder they come from.
        Directory.CreateDirectory(Path.Combine(Folder, "mounted"));
        foreach (var (_, secret) in _file["secrets"].Pairs)
            File.Copy(Path.Combine(Folder, "secrets", Path.GetFileName(secret["file"].Text)), Path.Combine(Folder, "mounted", Path.GetFileName(secret["file"].Text)));
        (code, output) = await ShellHost.ToolAsync("cp", "-r", Path.GetDirectoryName(DroverProgram.File)!, Path.Combine(Folder, "program"));
        Assert.True(code == 0, output);
        _cage = await Cage.FindAsync(Path.Combine(Folder, "program", Path.GetFileName(DroverProgram.File)), Folder);
        Http.BaseAddress = new Uri($"http://127.0.0.1:{_apiPort}/");
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _variables["DROVER_ADMIN_TOKEN"]);
    }

    /// <summary>Starts every service when those it depends on are healthy, and waits until all are.</summary>
    public async Task UpAsync()
    {
        var waiting = Services.ToList();
        while (waiting.Count > 0)
        {
            string next = waiting.First(name => DependenciesOf(name).All(needed => !waiting.Contains(needed)));
            foreach (string needed in DependenciesOf(next))
                await HealthyAsync(needed);
            int copies = _file["services"][next]["deploy"]["replicas"].Value is string replicas ? int.Parse(replicas, null) : 1;
            for (int copy = 0; copy < copies; copy++)
                await StartAsync(next);
            waiting.Remove(next);
        }

        foreach (string service in Services)
            await HealthyAsync(service);
    }

    /// <summary>Runs a service's health check until it passes, as an engine does.</summary>
    public async Task HealthyAsync(string service)
    {
        Ended? last = null;
        await RunningDrover.WaitAsync(async () => (last = await CheckAsync(service)).Code == 0,
            () => $"{service} does not become healthy: {last}\n{string.Join('\n', Running.Where(r => r.Service == service).Select(r => r.Program.ErrorText))}");
    }

    /// <summary>One health check of a service.</summary>
    public async Task<Ended> CheckAsync(string service)
    {
        string[] test = _file["services"][service]["healthcheck"]["test"].Texts;
        string folder = FolderOf(service, 0);
        await using var check = new RunningProgram(With(_cage!.Start(folder, WritableOf(folder), test[2..]), service, folder));
        check.Process.StandardInput.Close();
        return await check.EndAsync();
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(path);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    public async Task<string> SubmitAsync(string command)
    {
        using var answer = await Http.PostAsync("api/v1/jobs", RunningDrover.Body(new JsonObject { ["command"] = command, ["server_id"] = "local" }));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonNode.Parse(text)!["id"]!.GetValue<string>();
    }

    public async Task BecomesAsync(string id, string status)
    {
        JsonNode? job = null;
        await RunningDrover.WaitAsync(async () => (job = await GetAsync("api/v1/jobs/" + id))["status"]!.GetValue<string>() == status,
            () => $"It does not become {status}: {job}\n{string.Join('\n', Running.Select(running => $"{running.Service}: {running.Program.ErrorText}"))}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var (_, program) in Running)
            await program.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task StartAsync(string service)
    {
        string folder = FolderOf(service, Running.Count(running => running.Service == service));
        foreach (string writable in WritableOf(folder))
        {
            Directory.CreateDirectory(writable);
            await _cage!.GiveAsync(writable);
        }

        var program = new RunningProgram(With(_cage!.Start(folder, WritableOf(folder), _file["services"][service]["command"].Texts), service, folder));
        program.Process.StandardInput.Close();
        Running.Add((service, program));
    }

    private IEnumerable<string> DependenciesOf(string service) => _file["services"][service]["depends_on"].Pairs.Select(pair =>
    {
        Assert.Equal("service_healthy", pair.Value["condition"].Text);
        return pair.Key;
    });

    /// <summary>The image's variables, then the service's, and none of whoever runs the tests.</summary>
    private ProcessStartInfo With(ProcessStartInfo start, string service, string folder)
    {
        start.Environment.Remove("HOME");
        foreach (string name in start.Environment.Keys.Where(name => Cli.Configuration.Settings.All.Any(setting => setting.Name == name)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in DeployFiles.ImageEnvironment())
            start.Environment[name] = Here(value, folder);
        foreach (var (name, value) in _file["services"][service]["environment"].Pairs)
            start.Environment[name] = Here(Filled(value.Text), folder);
        start.Environment["TMPDIR"] = Path.Combine(folder, "tmp");
        return start;
    }

    /// <summary>What a name inside a container is here.</summary>
    private string Here(string value, string folder)
    {
        foreach (var (name, secret) in _file["secrets"].Pairs)
            value = value.Replace($"/run/secrets/{name}", Path.Combine(Folder, "mounted", Path.GetFileName(secret["file"].Text)), StringComparison.Ordinal);
        return value switch
        {
            DataPath => Path.Combine(folder, "data"),
            "/tmp" => Path.Combine(folder, "tmp"),
            ":8080" => $"127.0.0.1:{_apiPort}",
            ":9000" => $"127.0.0.1:{_queuePort}",
            _ => value.Replace("netqueue://queue:9000", $"netqueue://localhost:{_queuePort}", StringComparison.Ordinal),
        };
    }

    /// <summary>Fills in <c>${NAME}</c>, <c>${NAME:-default}</c> and <c>${NAME:?message}</c>.</summary>
    private string Filled(string text) => Variable().Replace(text, match =>
        _variables.TryGetValue(match.Groups[1].Value, out string? value) ? value
        : match.Groups[2].Value == ":-" ? match.Groups[3].Value
        : throw new InvalidOperationException($"secrets.sh does not make {match.Groups[1].Value}."));

    private string FolderOf(string service, int copy) => Path.Combine(Folder, $"{service}-{copy}");

    /// <summary>The data folder and the one for temporary files; everything in compose.yaml that can be written to.</summary>
    private static string[] WritableOf(string folder) => [Path.Combine(folder, "data"), Path.Combine(folder, "tmp")];

    [GeneratedRegex(@"\$\{([A-Z_]+)(:[-?])?([^}]*)\}")]
    private static partial Regex Variable();
}
