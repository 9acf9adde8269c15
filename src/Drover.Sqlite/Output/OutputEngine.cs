using System.Collections.Concurrent;
using Drover.Output;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;
using Drover.Storage;
using Microsoft.Extensions.Logging;

namespace Drover.Sqlite.Output;

/// <summary>The writer of the output file: a thread and a group commit of its own.</summary>
internal sealed class OutputEngine
{
    /// <summary>A transaction ends when it holds this much, so that callers are answered and the log stays small.</summary>
    private const long MostBytes = 8 * 1024 * 1024;

    /// <summary>How many deleted jobs' output goes in one transaction.</summary>
    private const int MostDeletes = 100;

    private readonly ConcurrentDictionary<long, int> _unwritten = new();
    private readonly ConcurrentQueue<long> _toDelete = new();
    private readonly Dictionary<long, long> _stagedLast = [];
    private readonly List<long> _deleting = [];
    private readonly Statement _insert;
    private readonly Statement _replace;
    private readonly Statement _trim;
    private readonly Statement _lastSeq;
    private readonly Statement _lastWithin;
    private readonly Statement _delete;
    private long _stagedBytes;

    public OutputEngine(Connection connection, string path, JobMemory memory, ILogger log)
    {
        Memory = memory;
        _insert = connection.Prepare(OutputSql.Insert);
        _replace = connection.Prepare(OutputSql.Replace);
        _trim = connection.Prepare(OutputSql.Trim);
        _lastSeq = connection.Prepare(OutputSql.LastSeq);
        _lastWithin = connection.Prepare(OutputSql.LastWithin);
        _delete = connection.Prepare(OutputSql.Delete);
        Writer = new(connection, path, log)
        {
            HasMore = () => !_toDelete.IsEmpty || _deleting.Count > 0,
            BeforeCommit = BeforeCommit,
            GroupEnded = GroupEnded,
            IsFull = () => _stagedBytes >= MostBytes,
        };
    }

    public JobMemory Memory { get; }

    public WriterThread Writer { get; }

    /// <summary>Whether output of the job is on its way to the file.</summary>
    public bool HasUnwritten(long job) => _unwritten.ContainsKey(job);

    public async ValueTask<bool> AppendAsync(LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel)
    {
        if (!Memory.Running.TryGetValue(lease.JobId, out var job) || job.Attempt != lease.Attempt)
            return false;
        // Counted before the lease is looked at again: who sees the attempt ended and nothing counted has seen all.
        _unwritten.AddOrUpdate(job.Seq, 1, (_, count) => count + 1);
        try
        {
            return await Writer.AskAsync(new AppendOperation(this, job, lease, entries, trim, cancel), cancel);
        }
        finally
        {
            // Gone at zero, so that the dictionary holds only what is on its way.
            if (_unwritten.AddOrUpdate(job.Seq, 0, (_, count) => count - 1) == 0)
                _unwritten.TryRemove(new(job.Seq, 0));
        }
    }

    /// <summary>Deletes a job's output, soon. What a crash leaves behind is found at the next start.</summary>
    public void DeleteSoon(long job)
    {
        _toDelete.Enqueue(job);
        Writer.Wake();
    }

    /// <summary>The last seq as the present group leaves it.</summary>
    public long LastSeq(LiveJob job)
    {
        if (_stagedLast.TryGetValue(job.Seq, out long staged))
            return staged;
        // Not known yet of a job that ran over a restart: its worker may send again what is stored, or was trimmed away.
        return job.LastOutputSeq >= 0 ? job.LastOutputSeq : Ask(_lastSeq.Bind(1, job.Seq));
    }

    /// <summary>A statement's one number; 0 for none.</summary>
    private static long Ask(Statement statement)
    {
        statement.Step();
        long number = statement.Long(0);
        statement.Reset();
        return number;
    }

    public void Insert(long job, int attempt, in OutputEntry entry)
    {
        Bind(_insert, job, entry.Seq, entry.At.UtcTicks, attempt, entry.Stream, entry.DroppedBytes, entry.Seq, entry.Bytes.Span).Run();
        _stagedLast[job] = entry.Seq;
        _stagedBytes += entry.Bytes.Length;
    }

    public void Trim(LiveJob job, int attempt, OutputTrim trim)
    {
        // A wider gap that is replaced stood for more, which stays counted as printed.
        long until = Math.Max(trim.ToSeq - 1, Ask(_lastWithin.Bind(1, job.Seq).Bind(2, trim.FromSeq).Bind(3, trim.ToSeq)));
        _trim.Bind(1, job.Seq).Bind(2, trim.FromSeq).Bind(3, trim.ToSeq).Bind(4, attempt).Run();
        Bind(_replace, job.Seq, trim.FromSeq, trim.At.UtcTicks, attempt, OutputStream.Gap, trim.DroppedBytes, until, []).Run();
        // What was dropped before it was sent must not slip in behind the gap.
        _stagedLast[job.Seq] = Math.Max(LastSeq(job), trim.ToSeq - 1);
    }

    private static Statement Bind(
        Statement statement, long job, long seq, long at, int attempt, OutputStream stream, long dropped, long until, ReadOnlySpan<byte> bytes) =>
        statement.Bind(1, job).Bind(2, seq).Bind(3, at).Bind(4, attempt).Bind(5, (int)stream).Bind(6, dropped).Bind(7, until).BindBlob(8, bytes);

    private bool BeforeCommit()
    {
        while (_deleting.Count < MostDeletes && _toDelete.TryDequeue(out long job))
            _deleting.Add(job);
        foreach (long job in _deleting)
            _delete.Bind(1, job).Run();
        return true;
    }

    private void GroupEnded(bool committed)
    {
        _stagedLast.Clear();
        _stagedBytes = 0;
        if (committed)
            _deleting.Clear();
    }
}

/// <summary>Stores entries of a leased attempt, then trims.</summary>
internal sealed class AppendOperation(
    OutputEngine engine, LiveJob job, LeaseToken lease, IReadOnlyList<OutputEntry> entries, OutputTrim? trim, CancellationToken cancel) : Operation<bool>(cancel)
{
    private long _last;

    public override StageResult Stage()
    {
        if (IsCanceled)
            return StageResult.Answered;
        if (!engine.Memory.Running.TryGetValue(lease.JobId, out var running) || running != job || job.Attempt != lease.Attempt)
            return Answer(false);
        _last = engine.LastSeq(job);
        engine.Writer.Begin();
        foreach (var entry in entries)
        {
            if (entry.Seq <= _last)
                continue;
            engine.Insert(job.Seq, lease.Attempt, entry);
            _last = entry.Seq;
        }

        if (trim is not null)
        {
            engine.Trim(job, lease.Attempt, trim);
            _last = Math.Max(_last, trim.ToSeq - 1);
        }

        return StageResult.Waits;
    }

    public override void Apply()
    {
        job.LastOutputSeq = Math.Max(job.LastOutputSeq, _last);
        Answer(true);
    }
}
