using System.Diagnostics;
using System.Globalization;
using Drover.Catalog;
using Drover.Sqlite.Catalog;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Jobs;
using Drover.Sqlite.Migrations;
using Drover.Sqlite.Output;
using Drover.Sqlite.Sql;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Sqlite;

/// <summary>The embedded store: jobs, catalog and audit log in one SQLite file, output in another. Exactly one process owns them.</summary>
public sealed class SqliteDatabase : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly Stack<IDisposable> _parts = new();
    private readonly SqliteOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private JobEngine _engine = null!;
    private OutputEngine _output = null!;
    private Task _history = Task.CompletedTask;
    private Task _sweep = Task.CompletedTask;
    private int _disposed;

    private SqliteDatabase(SqliteOptions options, TimeProvider time, ILogger log) => (_options, _time, _log) = (options, time, log);

    /// <summary>The jobs.</summary>
    public IJobStore Jobs { get; private set; } = null!;

    /// <summary>The catalog.</summary>
    public ICatalog Catalog { get; private set; } = null!;

    /// <summary>The audit log.</summary>
    public IAuditLog Audit { get; private set; } = null!;

    /// <summary>Opens the database, creates it when it is not there, and takes up the unfinished work in it.</summary>
    /// <exception cref="DatabaseInUseException">Another process owns it.</exception>
    /// <exception cref="SchemaTooNewException">It was written by a newer version of Drover.</exception>
    public static async ValueTask<SqliteDatabase> OpenAsync(SqliteOptions options, TimeProvider time, ILoggerFactory logs)
    {
        var database = new SqliteDatabase(options, time, logs.CreateLogger<SqliteDatabase>());
        try
        {
            await Task.Run(database.Open);
            return database;
        }
        catch
        {
            database.CloseParts();
            throw;
        }
    }

    /// <summary>Finishes what was asked, then closes the files. A second call does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _closing.CancelAsync();
        await _engine.Writer.DisposeAsync();
        await _output.Writer.DisposeAsync();
        await _history.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _sweep.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        CloseParts();
        _closing.Dispose();
    }

    private void Open()
    {
        long started = Stopwatch.GetTimestamp();
        Directory.CreateDirectory(_options.Directory);
        _parts.Push(OwnerLock.Take(_options.Directory, _time));
        string path = Path.Combine(_options.Directory, "drover.db");
        string outputPath = Path.Combine(_options.Directory, "output.db");
        var jobs = OpenFile(path, "jobs", pageSize: 4096);
        // Output comes in blocks of up to 64 KiB: larger pages make shorter chains.
        var outputFile = OpenFile(outputPath, "output", pageSize: 16384);
        var lastOutput = new OutputReader(Own(Connection.OpenReader(outputPath)));

        var memory = new JobMemory(_options.Queues, _time);
        _engine = new(jobs, path, memory, _options.Queues, _time, _log) { LastOutputSeq = lastOutput.LastSeq };
        _output = new(outputFile, outputPath, memory, _log);
        var loader = new JobLoader(jobs, memory, _time);
        long lowWater = Recover(jobs, memory, loader);

        var readers = Own(new ReaderPool<JobReader>(path, c => new(c)));
        var outputReaders = Own(new ReaderPool<OutputReader>(outputPath, c => new(c)));
        _history = Task.Run(() => LoadHistory(path, memory, lowWater));
        _engine.Writer.Start();
        _output.Writer.Start();
        _sweep = SweepAsync(outputReaders, memory);
        Jobs = new SqliteJobStore(_engine, _output, loader, readers, outputReaders, _history, this);
        var catalog = new SqliteCatalog(new(jobs, _engine.Writer, _time), Own(new ReaderPool<CatalogReader>(path, c => new(c))));
        (Catalog, Audit) = (catalog, catalog);
        Log.Opened(_log, path, loader.Unfinished, memory.Running.Count, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
    }

    private Connection OpenFile(string path, string migrations, int pageSize)
    {
        var connection = Own(Connection.OpenWriter(path));
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA page_size = {pageSize}"));
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute(_options.Durability == Durability.Full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
        // A checkpoint each 1,000 pages, the default, cost 40 % of the throughput; each 8,000 nothing.
        connection.Execute("PRAGMA wal_autocheckpoint = 8000");
        connection.Execute("PRAGMA cache_size = -8192");
        connection.Execute("PRAGMA temp_store = MEMORY");
        if (_options.MaxFileBytes is { } most)
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {most / pageSize}"));
        Migrator.Migrate(connection, migrations, path);
        return connection;
    }

    private long Recover(Connection jobs, JobMemory memory, JobLoader loader)
    {
        memory.Registry.Load(jobs);
        long lowWater = Math.Max(1, jobs.ReadLong("SELECT value FROM marks WHERE name = 'low_water'"));
        long last = jobs.ReadLong(JobSql.LastSeq);
        loader.Load(lowWater, long.MaxValue, CancellationToken.None);
        foreach (var (_, job) in memory.Running)
        {
            if (_engine.Rows.TryGetWork(job.Seq, out _, out var spec))
                job.Spec = spec;
        }

        _engine.ContinueFrom(last, lowWater);
        return lowWater;
    }

    private void LoadHistory(string path, JobMemory memory, long lowWater)
    {
        try
        {
            long started = Stopwatch.GetTimestamp();
            using var connection = Connection.OpenReader(path);
            new JobLoader(connection, memory, _time).Load(1, lowWater, _closing.Token);
            Log.HistoryLoaded(_log, path, (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }
        catch (SqliteFailure e)
        {
            Log.HistoryFailed(_log, path, e);
            throw new StoreUnavailableException($"The history in {path} could not be read: {e.Message}.", e);
        }
    }

    /// <summary>Deletes output whose job a crash has left deleted.</summary>
    private async Task SweepAsync(ReaderPool<OutputReader> readers, JobMemory memory)
    {
        await _history;
        await Task.Run(() =>
        {
            using var reader = readers.Rent();
            long last = memory.Columns.Last;
            for (long? job = reader.Statements.NextJob(0); job <= last && !_closing.IsCancellationRequested; job = reader.Statements.NextJob(job.Value))
            {
                if (memory.Columns.StatusOf(job.Value) == 0)
                    _output.DeleteSoon(job.Value);
            }
        });
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _parts.Push(part);
        return part;
    }

    private void CloseParts()
    {
        while (_parts.TryPop(out var part))
            part.Dispose();
    }
}
