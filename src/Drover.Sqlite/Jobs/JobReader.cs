using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>Reads jobs through a connection for reading.</summary>
internal sealed class JobReader(Connection connection)
{
    private readonly Statement _getJob = connection.Prepare(JobSql.GetJob);
    private readonly Statement _getEvents = connection.Prepare(JobSql.GetEvents);
    private readonly Statement _byOrigin = connection.Prepare(JobSql.SeqsByOrigin);
    private readonly Statement _byTag = connection.Prepare(JobSql.SeqsByTag);
    private readonly Statement _byText = connection.Prepare(JobSql.SeqsByText);

    /// <summary>The job with a seq; null when there is none. What memory knows and the disk does not yet is added.</summary>
    public Job? Read(long seq, JobMemory memory, bool withAttempts)
    {
        if (!_getJob.Bind(1, seq).Step())
            return null;
        var id = _getJob.Guid(0);
        long createdAt = _getJob.Long(1);
        var fold = new JobFold(createdAt, _getJob.Int(2), _getJob.LongOrNull(3));
        var spec = SpecJson.Read(_getJob.Blob(4), _getJob.Blob(5));
        _getJob.Reset();

        var attempts = new List<JobAttempt>();
        _getEvents.Bind(1, seq);
        while (_getEvents.Step())
        {
            var e = EventRow.Read(_getEvents, withOutcome: true);
            fold.Apply(e);
            if (withAttempts)
                Note(attempts, e);
        }

        AddUnwritten(id, memory, ref fold, withAttempts ? attempts : null);
        return ToJob(seq, id, createdAt, spec, fold, attempts);
    }

    public List<long> ByOrigin(Guid origin)
    {
        _byOrigin.Bind(1, origin);
        return ReadAll(_byOrigin);
    }

    public List<long> ByTag(string tag) => ReadAll(_byTag.Bind(1, tag));

    /// <summary>The jobs whose text or error contains this, which has three characters or more.</summary>
    public List<long> ByText(string text) => ReadAll(_byText.Bind(1, '"' + text.Replace("\"", "\"\"", StringComparison.Ordinal).Replace('\0', ' ') + '"'));

    private static List<long> ReadAll(Statement statement)
    {
        var seqs = new List<long>();
        while (statement.Step())
            seqs.Add(statement.Long(0));
        return seqs;
    }

    /// <summary>A lazily recorded start is in memory first.</summary>
    private static void AddUnwritten(Guid id, JobMemory memory, ref JobFold fold, List<JobAttempt>? attempts)
    {
        if (!memory.Running.TryGetValue(id, out var live) || live.Attempt != fold.Attempt + 1 || fold.Status.IsFinal())
            return;
        fold.Status = JobStatus.Running;
        fold.Attempt = live.Attempt;
        fold.StartedAt = live.StartedAt;
        fold.WorkerId = live.WorkerId;
        attempts?.Add(new() { Number = live.Attempt, WorkerId = live.WorkerId!, StartedAt = Time(live.StartedAt) });
    }

    private static void Note(List<JobAttempt> attempts, in JobEvent e)
    {
        if (e.Kind == EventKind.Started)
            attempts.Add(new() { Number = e.Attempt, WorkerId = e.Who!, StartedAt = Time(e.At) });
        if (e.Kind != EventKind.Ended)
            return;
        if (e.StartedAt is { } startedAt)
            attempts.Add(new() { Number = e.Attempt, WorkerId = e.Who!, StartedAt = Time(startedAt) });
        attempts[^1] = attempts[^1] with { FinishedAt = Time(e.At), Outcome = e.Outcome };
    }

    private static Job ToJob(long seq, Guid id, long createdAt, JobSpec spec, in JobFold fold, List<JobAttempt> attempts) => new()
    {
        Id = id,
        Seq = seq,
        Spec = spec,
        Status = fold.Status,
        Priority = fold.Priority,
        CreatedAt = Time(createdAt),
        RunAt = fold.DueAt is { } due ? Time(due) : null,
        StartedAt = fold.StartedAt is { } startedAt ? Time(startedAt) : null,
        FinishedAt = fold.FinishedAt is { } finishedAt ? Time(finishedAt) : null,
        Attempt = fold.Attempt,
        AttemptsUsed = fold.AttemptsUsed,
        Outcome = fold.Outcome,
        CancelRequestedAt = fold.CancelRequestedAt is { } asked ? Time(asked) : null,
        CanceledBy = fold.CanceledBy,
        WorkerId = fold.WorkerId,
        Attempts = attempts,
    };

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}
