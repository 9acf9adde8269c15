using Drover.Jobs;
using Drover.Sqlite;
using Drover.Sqlite.Sql;
using Drover.Storage;
using Drover.StoreTests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Sqlite;

/// <summary>What only a store in a file has: an owner, a schema, a disk that fills up.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("drover-file-").FullName;
    private readonly TestClock _clock = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private ValueTask<SqliteDatabase> OpenAsync(long? maxFileBytes = null, string? directory = null) => SqliteDatabase.OpenAsync(
        new() { Directory = directory ?? _directory, MaxFileBytes = maxFileBytes }, _clock, NullLoggerFactory.Instance);

    private static LeaseRequest Request(int max) => new()
    {
        WorkerId = "w-1",
        InstanceId = Guid.Empty,
        Max = max,
        Duration = TimeSpan.FromSeconds(30),
        Queues = [new("*")],
        Capabilities = new(true, new HashSet<string> { "echo" }, new HashSet<string>()),
    };

    [Fact]
    public async Task A_second_owner_is_told_who_has_the_database()
    {
        await using var first = await OpenAsync();
        var error = await Assert.ThrowsAsync<DatabaseInUseException>(async () => await OpenAsync());
        Assert.Contains($"in use by process {Environment.ProcessId} on {Environment.MachineName}, since 2026-01-05 08:00:00 UTC", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        await first.Jobs.PingAsync();
        await first.DisposeAsync();
        await using var second = await OpenAsync();
        await second.Jobs.PingAsync();
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_alone()
    {
        await (await OpenAsync()).DisposeAsync();
        string path = Path.Combine(_directory, "drover.db");
        using (var connection = Connection.OpenWriter(path))
            connection.Execute("PRAGMA user_version = 999");
        var error = await Assert.ThrowsAsync<SchemaTooNewException>(async () => await OpenAsync());
        Assert.Contains("schema version 999", error.Message, StringComparison.Ordinal);
        using (var connection = Connection.OpenWriter(path))
        {
            Assert.Equal(999, connection.ReadLong("PRAGMA user_version"));
            connection.Execute("PRAGMA user_version = 1");
        }

        await (await OpenAsync()).DisposeAsync();
    }

    [Fact]
    public async Task Only_the_owner_may_read_what_jobs_run_and_print()
    {
        await using var database = await OpenAsync();
        await database.Jobs.EnqueueAsync(new(Make.Task()));
        Assert.All(Directory.GetFiles(_directory, "*.db*"), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task A_damaged_file_is_told_as_a_store_that_is_not_available()
    {
        Guid id;
        await using (var database = await OpenAsync())
        {
            id = (await database.Jobs.EnqueueAsync(new(Make.Task()))).Jobs[0].Id;
            var lease = Assert.Single(await database.Jobs.LeaseAsync(Request(1)));
            Assert.True(await database.Jobs.AppendOutputAsync(lease.Token, [new(1, _clock.GetUtcNow(), 1, Drover.Output.OutputStream.Stdout, new byte[60_000])], null));
        }

        await using (var file = File.OpenWrite(Path.Combine(_directory, "output.db")))
        {
            // The first page says where the others are; they are gone.
            file.Position = 16384;
            file.Write([.. Enumerable.Repeat((byte)0xFF, (int)file.Length - 16384)]);
        }

        await using var damaged = await OpenAsync();
        await Assert.ThrowsAnyAsync<StoreUnavailableException>(async () => await damaged.Jobs.ReadOutputAsync(new(id)));
        Assert.NotNull(Assert.Single(await damaged.Jobs.GetAsync([id])));
    }

    [Fact]
    public async Task A_file_at_its_limit_refuses_work_and_loses_none()
    {
        await using var database = await OpenAsync(maxFileBytes: 400_000);
        var large = Make.Task() with { Task = new() { JobType = "echo", Payload = new byte[20_000] } };
        var accepted = new List<Guid>();
        var error = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            while (true)
                accepted.Add((await database.Jobs.EnqueueAsync(new(large))).Jobs[0].Id);
        });
        Assert.Contains("full", error.Message, StringComparison.Ordinal);
        Assert.False(error.InDoubt);
        Assert.InRange(accepted.Count, 3, 30);
        Assert.Equal(accepted.Count, (await database.Jobs.CountAsync(JobFilter.All)).Queued);

        // Room is made by finishing and deleting; then new work is taken.
        var leases = await database.Jobs.LeaseAsync(Request(3));
        Assert.Equal(accepted.Take(3), leases.Select(l => l.Token.JobId));
        Assert.All(await database.Jobs.FinishAsync([.. leases.Select(l => new FinishRequest(l.Token, Make.Completed))]), c => Assert.Equal(ChangeResult.Done, c.Result));
        await database.Jobs.DeleteAsync([.. leases.Select(l => l.Token.JobId)]);
        accepted.Add((await database.Jobs.EnqueueAsync(new(large))).Jobs[0].Id);
        Assert.Equal(accepted.Skip(3), (await database.Jobs.LeaseAsync(Request(100))).Select(l => l.Token.JobId));
    }

    [Fact]
    public async Task A_full_disk_loses_nothing_acknowledged_and_work_goes_on_when_there_is_room()
    {
        string mount = Path.Combine(_directory, "small-disk");
        Directory.CreateDirectory(mount);
        if (await RunAsync("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", mount) != 0)
            Assert.Skip("Mounting a small disk needs root.");
        try
        {
            string ballast = Path.Combine(mount, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[3_000_000]);
            var accepted = new List<Guid>();
            await using (var database = await OpenAsync(directory: mount))
            {
                await FillUpAsync(database, accepted);
                // A lease whose start cannot be recorded is no lease.
                await Assert.ThrowsAsync<StoreUnavailableException>(async () => await database.Jobs.LeaseAsync(Request(accepted.Count)));
                Assert.Equal(accepted.Count, (await database.Jobs.CountAsync(JobFilter.All)).Queued);

                File.Delete(ballast);
                await database.Jobs.PingAsync();
                var leases = await database.Jobs.LeaseAsync(Request(100));
                Assert.Equal(accepted.Take(100), leases.Select(l => l.Token.JobId));
                accepted.Add((await database.Jobs.EnqueueAsync(new(Make.Task()))).Jobs[0].Id);
            }

            await using (var database = await OpenAsync(directory: mount))
            {
                Assert.DoesNotContain(null, await database.Jobs.GetAsync(accepted));
                Assert.Equal(100, (await database.Jobs.CountAsync(JobFilter.All)).Running);
            }
        }
        finally
        {
            await RunAsync("umount", "-l", mount);
        }
    }

    [Fact]
    public async Task A_clock_that_jumps_neither_delays_nor_loses_anything()
    {
        await using var database = await OpenAsync();
        var delayed = (await database.Jobs.EnqueueAsync(new(Make.Task() with { Delay = TimeSpan.FromMinutes(10) }))).Jobs[0].Id;
        await database.Jobs.EnqueueAsync(new(Make.Task()));
        Assert.Single(await database.Jobs.LeaseAsync(Request(1)));

        _clock.SetWrong(TimeSpan.FromHours(1));
        Assert.Empty(await database.Jobs.ExpireLeasesAsync(10));
        Assert.Empty((await database.Jobs.PromoteAsync(10)).Changes);
        _clock.SetWrong(TimeSpan.FromHours(-2));
        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(delayed, Assert.Single((await database.Jobs.PromoteAsync(10)).Changes).Id);
        Assert.Single(await database.Jobs.ExpireLeasesAsync(10));
        // Ids and times of before and after are found all the same.
        var after = (await database.Jobs.EnqueueAsync(new(Make.Task()))).Jobs[0].Id;
        Assert.DoesNotContain(null, await database.Jobs.GetAsync([delayed, after]));
    }

    /// <summary>Uses up the last pages with ever smaller requests.</summary>
    private static async Task FillUpAsync(SqliteDatabase database, List<Guid> accepted)
    {
        for (int size = 200; size >= 1; size /= 2)
        {
            try
            {
                while (true)
                    accepted.AddRange((await database.Jobs.EnqueueAsync(new([.. Enumerable.Repeat(Make.Task() with { OnWorkerLost = WorkerLostPolicy.Fail }, size)]))).Jobs.Select(j => j.Id));
            }
            catch (StoreUnavailableException)
            {
            }
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
