using Drover.Jobs;
using Drover.Ssh;
using Microsoft.Extensions.Logging.Abstractions;
using Renci.SshNet;

namespace Drover.Bench.Ssh;

/// <summary>Jobs over SSH against the bare library, in one run against one sshd.</summary>
internal static class SshBench
{
    public const string Usage = """
        ssh job [N]              N jobs (200) one at a time on a warm connection: Drover and the bare library
        ssh fanout [N] [curve]   hostname on N servers (200), 50 at once, cold and warm: Drover and the bare library; curve: curve25519 first
        ssh stream [MB]          so much output (512) through one job
                                 BENCH_USER: who signs in; a login shell that reads a long profile costs its time
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        using BenchSshd server = await BenchSshd.StartAsync();
        bool curve = args.Contains("curve");
        int number = args.Length > 1 && int.TryParse(args[1], out int given) ? given : 0;
        var options = new SshOptions { KeyExchange = curve ? SshKeyExchange.Curve25519 : SshKeyExchange.PostQuantum };
        await using var executor = new SshExecutor(options, TimeProvider.System, NullLoggerFactory.Instance);
        switch (args.FirstOrDefault())
        {
            case "job":
                await JobAsync(server, executor, number == 0 ? 200 : number);
                return 0;
            case "fanout":
                await FanoutAsync(server, executor, number == 0 ? 200 : number, curve);
                return 0;
            case "stream":
                await StreamAsync(server, executor, number == 0 ? 512 : number);
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static async Task JobAsync(BenchSshd server, SshExecutor executor, int count)
    {
        using SshClient client = Connect(server, 0, curve: false);
        var bare = new List<double>();
        var ours = new List<double>();
        for (int i = 0; i < count + 10; i++)
        {
            double one = await TimeAsync(() => RunBareAsync(client, "true"));
            double other = await TimeAsync(() => RunAsync(executor, server, 0, "true"));
            if (i < 10)
                continue;
            bare.Add(one);
            ours.Add(other);
        }

        Console.WriteLine($"bare library: {Percentiles(bare)}");
        Console.WriteLine($"drover job:   {Percentiles(ours)}");
    }

    private static async Task FanoutAsync(BenchSshd server, SshExecutor executor, int servers, bool curve)
    {
        double cold = await TimeAsync(() => ForAllAsync(servers, i => RunAsync(executor, server, i, "hostname")));
        double warm = await TimeAsync(() => ForAllAsync(servers, i => RunAsync(executor, server, i, "hostname")));
        Console.WriteLine($"drover, {servers} servers, 50 at once: cold {cold / 1000:0.00} s, warm {warm / 1000:0.00} s");
        await executor.DisposeAsync();

        var clients = new SshClient?[servers];
        cold = await TimeAsync(() => ForAllAsync(servers, i => Threaded(() =>
        {
            clients[i] = Connect(server, i, curve);
            clients[i]!.RunCommand("hostname").Dispose();
        })));
        warm = await TimeAsync(() => ForAllAsync(servers, i => Threaded(() => clients[i]!.RunCommand("hostname").Dispose())));
        Console.WriteLine($"bare library on threads of its own:  cold {cold / 1000:0.00} s, warm {warm / 1000:0.00} s");
        foreach (SshClient? client in clients)
            client?.Dispose();
    }

    private static async Task StreamAsync(BenchSshd server, SshExecutor executor, int megabytes)
    {
        await RunAsync(executor, server, 0, "true");
        var context = new BenchContext(BenchContext.Command($"head -c {megabytes * 1048576L} /dev/zero"), server.Target(0));
        double milliseconds = await TimeAsync(async () => Check(await executor.ExecuteAsync(context)));
        Console.WriteLine($"{context.Bytes / 1048576} MB in {milliseconds / 1000:0.00} s: {context.Bytes / 1048.576 / milliseconds:0} MB/s, {Environment.WorkingSet / 1048576} MB of memory");
    }

    private static async Task RunAsync(SshExecutor executor, BenchSshd server, int number, string command) =>
        Check(await executor.ExecuteAsync(new BenchContext(BenchContext.Command(command), server.Target(number))));

    private static void Check(AttemptOutcome outcome)
    {
        if (outcome.Kind != OutcomeKind.Completed)
            throw new InvalidOperationException(outcome.ToString());
    }

    private static async Task RunBareAsync(SshClient client, string text)
    {
        using SshCommand command = client.CreateCommand(text);
        await command.ExecuteAsync();
    }

    private static SshClient Connect(BenchSshd server, int number, bool curve)
    {
        Servers.SshTarget target = server.Target(number);
        var info = new ConnectionInfo(target.Host, target.Port, target.User, new PrivateKeyAuthenticationMethod(target.User, new PrivateKeyFile(new MemoryStream(server.ClientKey))));
        foreach (string name in curve ? info.KeyExchangeAlgorithms.Keys.Where(name => !name.StartsWith("curve25519", StringComparison.Ordinal)).ToList() : [])
            info.KeyExchangeAlgorithms.Remove(name);
        var client = new SshClient(info);
        client.Connect();
        return client;
    }

    private static async Task ForAllAsync(int count, Func<int, Task> run)
    {
        using var places = new SemaphoreSlim(50);
        await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            await places.WaitAsync();
            try
            {
                await run(i);
            }
            finally
            {
                places.Release();
            }
        }));
    }

    private static Task Threaded(Action call) => Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static async Task<double> TimeAsync(Func<Task> run)
    {
        long begin = TimeProvider.System.GetTimestamp();
        await run();
        return TimeProvider.System.GetElapsedTime(begin).TotalMilliseconds;
    }

    private static string Percentiles(List<double> times)
    {
        times.Sort();
        return $"p50 {times[times.Count / 2]:0.0} ms, p95 {times[times.Count * 95 / 100]:0.0} ms";
    }
}
