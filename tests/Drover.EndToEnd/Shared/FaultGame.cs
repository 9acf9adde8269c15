using System.Globalization;
using System.Text.Json.Nodes;
using Drover.EndToEnd.Program;
using Drover.EndToEnd.Shell;
using Drover.StoreTests.NetQueue;

namespace Drover.EndToEnd.Shared;

/// <summary>
/// Two nodes (API, queue and worker in one) and a worker process on one store, under load, while everything that can go wrong between
/// them does, in a random order that a seed gives back.
/// </summary>
internal sealed class FaultGame(StoreServer server, string? disk, ITestOutputHelper output) : IAsyncDisposable
{
    /// <summary>Nodes have four slots each, the worker too.</summary>
    private const int Slots = 12;

    private static readonly string[] Leases = ["--worker-lease", "2s", "--worker-heartbeat-interval", "500ms", "--worker-concurrency", "4", "--queue-name", "*", "--log-level", "warn"];

    private readonly FaultyProxy _proxy = new(server.Port);
    private readonly string _mark = "mark" + Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, int> _done = [];
    private readonly List<RunningDrover> _nodes = [];
    private string _workerFolder = "";
    private RunningProgram? _worker;
    private int _turn;

    /// <summary>Plays each kind of fault once in a random order, and again until the time is over.</summary>
    public async Task PlayAsync(TimeSpan atLeast)
    {
        int seed = KillGame.Seed(output);
        try
        {
            await PlayAsync(atLeast, seed, new Random(seed));
        }
        catch (Exception failed)
        {
            // Told here: what cannot be tidied up after it must not hide it.
            output.WriteLine($"{failed.Message}\n{Logs()}");
            throw;
        }
    }

    private async Task PlayAsync(TimeSpan atLeast, int seed, Random random)
    {
        await StartAsync();
        var game = new KillGame(output, _nodes[0].Folder, _mark, () => _nodes[Interlocked.Increment(ref _turn) & 1].Http) { MayBeAway = true, AsksAgain = true };
        game.Begin(submitters: 4, seed);
        long began = TimeProvider.System.GetTimestamp();
        do
        {
            (string Name, Func<Random, Task> Play)[] faults =
            [
                ("node killed", KillNodeAsync), ("worker killed", KillWorkerAsync), ("connections cut", CutAsync), ("answers held", HoldAsync),
                ("answers lost", SwallowAsync), ("store crashed", CrashAsync), ("disk full", FillAsync),
            ];
            random.Shuffle(faults);
            foreach (var (name, play) in faults.Where(f => disk is not null || f.Name != "disk full"))
            {
                int before = game.Acknowledged;
                await RunningDrover.WaitAsync(() => Task.FromResult(game.Acknowledged > before + 15), () => $"Nothing is accepted any more before '{name}'.\n{Logs()}");
                await play(random);
                _done[name] = _done.GetValueOrDefault(name) + 1;
            }
        }
        while (TimeProvider.System.GetElapsedTime(began) < atLeast);

        int kills = _done["node killed"] + _done["worker killed"];
        await game.EndAsync(kills, Logs);
        await game.CheckAsync(kills, string.Concat(_done.Where(d => !d.Key.EndsWith("killed", StringComparison.Ordinal)).Select(d => string.Create(CultureInfo.InvariantCulture, $", {d.Value} x {d.Key}"))));
        await CheckOrderAsync(random);
        await ShellHost.NothingLeftAsync(_mark);
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
            await _worker.DisposeAsync();
        foreach (var node in _nodes)
            await node.DisposeAsync();
        if (_workerFolder.Length > 0)
            Directory.Delete(_workerFolder, recursive: true);
        await _proxy.DisposeAsync();
    }

    private async Task StartAsync()
    {
        _nodes.Add(await NodeAsync(server.Url, null));
        _nodes.Add(await NodeAsync(server.Through(_proxy.Port), _nodes[0]));
        _workerFolder = Folder(_nodes[0]);
        StartWorker();
    }

    private static async Task<RunningDrover> NodeAsync(string url, RunningDrover? first) =>
        await RunningDrover.StartInAsync(Folder(first), ownsFolder: true, ["--database-url", url, "--netqueue-addr", "off", .. Leases]);

    /// <summary>A folder with the key ring of the first, as nodes of one cluster have it.</summary>
    private static string Folder(RunningDrover? first)
    {
        string folder = Path.Combine(Path.GetTempPath(), "drover-shared-" + Guid.NewGuid().ToString("N"));
        string data = Directory.CreateDirectory(Path.Combine(folder, "data")).FullName;
        if (first is not null)
            File.Copy(Path.Combine(first.Data, "key-ring"), Path.Combine(data, "key-ring"));
        return folder;
    }

    private void StartWorker()
    {
        _worker = new(DroverProgram.Start(_workerFolder, ["serve", "worker", "--data", Path.Combine(_workerFolder, "data"), "--database-url", server.Through(_proxy.Port), .. Leases]));
        _worker.Process.StandardInput.Close();
    }

    private async Task KillNodeAsync(Random random)
    {
        var node = _nodes[random.Next(2)];
        await node.Program.KillAsync();
        await PauseAsync(random.Next(500));
        await node.StartAgainAsync();
    }

    private async Task KillWorkerAsync(Random random)
    {
        Assert.False(_worker!.Ended, "The worker ended by itself:\n" + _worker.ErrorText);
        await _worker.DisposeAsync();
        await PauseAsync(random.Next(500));
        StartWorker();
    }

    private async Task CutAsync(Random random)
    {
        _proxy.Refuses = random.Next(2) == 0;
        _proxy.CutAll();
        await PauseAsync(random.Next(1500));
        _proxy.Refuses = false;
    }

    /// <summary>Longer than a lease: what the node renews and finishes meanwhile comes too late.</summary>
    private async Task HoldAsync(Random random)
    {
        _proxy.Holds = true;
        await PauseAsync(2500 + random.Next(1000));
        _proxy.Holds = false;
    }

    /// <summary>The store does what it is asked, and who asked sees an error.</summary>
    private async Task SwallowAsync(Random random)
    {
        _proxy.Swallows = true;
        await PauseAsync(100 + random.Next(400));
        _proxy.CutAll();
        _proxy.Swallows = false;
    }

    private async Task CrashAsync(Random random)
    {
        await server.CrashAsync();
        await PauseAsync(random.Next(1000));
        await server.StartAgainAsync();
    }

    private async Task FillAsync(Random random)
    {
        string filler = Path.Combine(disk!, "filler");
        await ShellHost.ToolAsync("dd", "if=/dev/zero", "of=" + filler, "bs=64k");
        await PauseAsync(1000 + random.Next(1000));
        File.Delete(filler);
        await PauseAsync(500);
        if (server.HasEnded)
            await server.StartAgainAsync();
    }

    /// <summary>What is ready starts by priority on all nodes together.</summary>
    private async Task CheckOrderAsync(Random random)
    {
        await _nodes[0].PostAsync("queues/ordered/pause", new JsonObject());
        var ids = new List<(string Id, int Priority)>();
        for (int n = 0; n < 60; n++)
        {
            int priority = random.Next(1, 11);
            ids.Add((await _nodes[n & 1].SubmitAsync("sleep 0.05", body => (body["queue"], body["priority"]) = ("ordered", priority)), priority));
        }

        await _nodes[0].PostAsync("queues/ordered/resume", new JsonObject());
        var started = new List<(DateTimeOffset At, int Priority)>();
        foreach (var (id, priority) in ids)
            started.Add(((await _nodes[0].EndOfAsync(id))["started_at"]!.GetValue<DateTimeOffset>(), priority));
        string? fault = HistoryChecker.CheckOrder([.. started.OrderBy(s => s.At).ThenBy(s => s.Priority).Select(s => s.Priority)], Slots);
        Assert.True(fault is null, fault);
    }

    private string Logs() => string.Join('\n', _nodes.Select(n => n.Log)) + _worker?.ErrorText;

    private static Task PauseAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);
}
