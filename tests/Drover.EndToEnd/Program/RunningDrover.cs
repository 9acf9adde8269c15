using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Drover.EndToEnd.Shell;
using Drover.EndToEnd.Ssh;

namespace Drover.EndToEnd.Program;

/// <summary><c>drover up</c> with a data folder and a port of its own, which stay the same when it is started again.</summary>
internal sealed class RunningDrover : IAsyncDisposable
{
    private static readonly HashSet<string> Final = ["completed", "failed", "canceled"];

    private readonly string[] _options;
    private readonly bool _ownsFolder;
    private RunningProgram? _program;

    private RunningDrover(string folder, bool ownsFolder, string[] options)
    {
        (Folder, _ownsFolder, _options) = (folder, ownsFolder, options);
        Address = $"127.0.0.1:{Sshd.FreePort()}";
        Http = new HttpClient { BaseAddress = new Uri($"http://{Address}/api/v1/"), Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>A folder for the test: scripts and what jobs write.</summary>
    public string Folder { get; }

    public string Data => Path.Combine(Folder, "data");

    public string Address { get; }

    public HttpClient Http { get; }

    public RunningProgram Program => _program ?? throw new InvalidOperationException("It is not started.");

    /// <summary>What it has written to its log since its last start.</summary>
    public string Log => Program.ErrorText;

    public static Task<RunningDrover> StartAsync(params string[] options) =>
        StartInAsync(Path.Combine(Path.GetTempPath(), "drover-program-" + Guid.NewGuid().ToString("N")), ownsFolder: true, options);

    public static async Task<RunningDrover> StartInAsync(string folder, bool ownsFolder, params string[] options)
    {
        Directory.CreateDirectory(folder);
        var drover = new RunningDrover(folder, ownsFolder, options);
        try
        {
            await drover.StartAgainAsync();
            return drover;
        }
        catch
        {
            await drover.DisposeAsync();
            throw;
        }
    }

    public async Task StartAgainAsync()
    {
        if (_program is not null)
            await _program.DisposeAsync();
        if (Directory.Exists(Data))
            File.Delete(Path.Combine(Data, "address"));
        _program = new(DroverProgram.Start(Folder, ["up", "--data", Data, "--server-addr", Address, "--quiet", .. _options]));
        _program.Process.StandardInput.Close();
        await Until.TrueAsync(() => _program.Ended || File.Exists(Path.Combine(Data, "address")), () => "It does not come up:\n" + Log);
        Assert.False(_program.Ended, "It ended:\n" + Log);
        string token = (await File.ReadAllTextAsync(Path.Combine(Data, "admin-token"))).Trim();
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Ends it at once and leaves its folder, for another that comes after it.</summary>
    public async Task StopAsync()
    {
        await Program.DisposeAsync();
        _program = null;
    }

    /// <summary>Runs a verb against it, as someone on the same machine would.</summary>
    public Task<Ended> CliAsync(params string[] args) => CliWithAsync(null, args);

    public Task<Ended> CliWithAsync(string? input, params string[] args) =>
        DroverProgram.RunAsync(Folder, WithData(args), input is null ? null : Encoding.UTF8.GetBytes(input));

    /// <summary>Starts a verb that goes on.</summary>
    public RunningProgram Follow(params string[] args)
    {
        var running = new RunningProgram(DroverProgram.Start(Folder, WithData(args)));
        running.Process.StandardInput.Close();
        return running;
    }

    /// <summary>Runs a verb that must succeed with one JSON value on stdout.</summary>
    public async Task<JsonNode> JsonAsync(params string[] args)
    {
        var ended = await CliAsync([.. args.TakeWhile(word => word != "--"), "--json", .. args.SkipWhile(word => word != "--")]);
        Assert.True(ended.Code == 0, ended.ToString());
        return JsonNode.Parse(ended.Out)!;
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(path);
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    public async Task<JsonNode> PostAsync(string path, JsonNode body)
    {
        using var answer = await Http.PostAsync(path, Body(body));
        string text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    public static StringContent Body(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    /// <summary>Submits a shell text to this machine; answers the job's id.</summary>
    public async Task<string> SubmitAsync(string command, Action<JsonObject>? change = null)
    {
        var body = new JsonObject { ["command"] = command, ["server_id"] = "local" };
        change?.Invoke(body);
        return (await PostAsync("jobs", body))["id"]!.GetValue<string>();
    }

    public async Task<JsonNode> EndOfAsync(string id)
    {
        JsonNode? job = null;
        await WaitAsync(async () => Final.Contains((job = await GetAsync("jobs/" + id))["status"]!.GetValue<string>()), () => $"{id} does not end: {job}");
        return job!;
    }

    public Task<long> CountAsync(string status) => CountOfAsync("jobs/counts", status);

    public async Task<long> CountOfAsync(string path, string status) => (await GetAsync(path))[status]!.GetValue<long>();

    public Task RunningAsync(string id) =>
        WaitAsync(async () => (await GetAsync("jobs/" + id))["status"]!.GetValue<string>() == "running", () => $"{id} does not start.");

    /// <summary>Waits for what only asking tells.</summary>
    public static async Task WaitAsync(Func<Task<bool>> condition, Func<string> what, int seconds = 60)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(seconds), what());
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    /// <summary>A line of the kernel's account of the process, in MiB: VmRSS, VmHWM.</summary>
    public long Memory(string name)
    {
        string line = File.ReadLines($"/proc/{Program.Id}/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_program is not null)
            await _program.DisposeAsync();
        if (_ownsFolder)
            await DeleteAsync(Folder);
    }

    /// <summary>A job that was killed a moment ago may still write.</summary>
    private static async Task DeleteAsync(string folder)
    {
        for (int left = 50; ; left--)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (left > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    // Options go before "--", behind which every word belongs to the command.
    private string[] WithData(string[] args)
    {
        int end = Array.IndexOf(args, "--");
        return end < 0 ? [.. args, "--data", Data] : [.. args[..end], "--data", Data, .. args[end..]];
    }
}
