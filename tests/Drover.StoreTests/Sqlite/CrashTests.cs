using System.Diagnostics;
using Drover.Jobs;
using Drover.Sqlite;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Sqlite;

/// <summary>
/// Kills a process that works on a store, at any moment, again and again. The child notes in a file what the store has
/// acknowledged to it; what is written there survives its death, and is held against the store afterwards.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private const string DirectoryVariable = "DROVER_CRASH_TEST_DIRECTORY";
    private const int Rounds = 4;

    private readonly string _directory = Directory.CreateTempSubdirectory("drover-crash-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_killed_process_loses_nothing_acknowledged_and_starts_nothing_twice()
    {
        for (int round = 0; round < Rounds; round++)
        {
            long before = Notes().Count;
            using (var child = StartChild())
            {
                var patience = Stopwatch.StartNew();
                while (Notes().Count < before + 400)
                {
                    Assert.False(child.HasExited, "The child ended by itself.");
                    Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), "The child makes no progress.");
                    await Task.Delay(TimeSpan.FromMilliseconds(5 + Random.Shared.Next(40)), TimeProvider.System);
                }

                child.Kill();
                await child.WaitForExitAsync();
            }

            await VerifyAsync();
        }
    }

    /// <summary>What the child does; not a test by itself.</summary>
    [Fact(Explicit = true)]
    public async Task Child()
    {
        string directory = Environment.GetEnvironmentVariable(DirectoryVariable) ?? throw new InvalidOperationException("Only for the other test.");
        await using var database = await OpenAsync(directory);
        using var notes = new FileStream(NotesIn(directory), FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var gate = new Lock();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            while (true)
            {
                var policy = n % 2 == 0 ? WorkerLostPolicy.Fail : WorkerLostPolicy.Retry;
                foreach (var job in (await database.Jobs.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { OnWorkerLost = policy }, 1 + n)]))).Jobs)
                    Note('E', job.Id);
                var leases = await database.Jobs.LeaseAsync(Request($"w-{n}", 6));
                foreach (var lease in leases.Where(l => l.Spec.OnWorkerLost == WorkerLostPolicy.Fail))
                    Note('S', lease.Token.JobId);
                await database.Jobs.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Completed))]);
                foreach (var lease in leases)
                    Note('D', lease.Token.JobId);
            }
        })));

        void Note(char what, Guid id)
        {
            lock (gate)
                notes.Write(System.Text.Encoding.ASCII.GetBytes($"{what} {id}\n"));
        }
    }

    private async Task VerifyAsync()
    {
        var notes = Notes();
        await using var database = await OpenAsync(_directory);
        var accepted = notes.Where(n => n.What == 'E').Select(n => n.Id).ToList();
        var jobs = (await database.Jobs.GetAsync(accepted)).Select(job => Assert.IsType<Job>(job)).ToDictionary(job => job.Id);
        Assert.All(notes.Where(n => n.What == 'D' && jobs.ContainsKey(n.Id)), n => Assert.Equal(JobStatus.Completed, jobs[n.Id].Status));

        // What may not run twice was started once, and is not handed out again.
        var started = notes.Where(n => n.What == 'S').Select(n => n.Id).ToList();
        Assert.Equal(started.Count, started.Distinct().Count());
        Assert.All(await database.Jobs.GetAsync(started), job => Assert.Contains(job!.Status, new[] { JobStatus.Running, JobStatus.Completed, JobStatus.Failed }));
        foreach (int n in Enumerable.Range(0, 8))
            await database.Jobs.LoseWorkerAsync($"w-{n}", Guid.NewGuid());
        Assert.Equal(0, (await database.Jobs.CountAsync(JobFilter.All)).Running);
        Assert.All(await database.Jobs.GetAsync(started), job => Assert.True(job!.Status.IsFinal()));
        Assert.All(await database.Jobs.GetAsync(started), job => Assert.Equal(1, job!.Attempt));
    }

    private Process StartChild()
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Under `dotnet test` the program may be dotnet itself.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(typeof(CrashTests).Assembly.Location);
        foreach (string argument in new[] { "-method", $"{typeof(CrashTests).FullName}.{nameof(Child)}", "-explicit", "only" })
            start.ArgumentList.Add(argument);
        start.Environment[DirectoryVariable] = _directory;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private List<(char What, Guid Id)> Notes()
    {
        if (!File.Exists(NotesIn(_directory)))
            return [];
        using var reader = new StreamReader(new FileStream(NotesIn(_directory), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        // The last line may have been cut off by the kill.
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.Length == 38).Select(line => (line[0], Guid.Parse(line[2..])))];
    }

    private static string NotesIn(string directory) => Path.Combine(directory, "notes.txt");

    private static ValueTask<SqliteDatabase> OpenAsync(string directory) =>
        SqliteDatabase.OpenAsync(new() { Directory = directory }, TimeProvider.System, NullLoggerFactory.Instance);

    private static LeaseRequest Request(string worker, int max) => new()
    {
        WorkerId = worker,
        InstanceId = Guid.Empty,
        Max = max,
        Duration = TimeSpan.FromSeconds(30),
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
    };
}
