using System.Globalization;
using System.Text;
using Drover.Jobs;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>A job as <c>read.lua</c> answers it.</summary>
internal sealed class JobRecord
{
    // A job that waits as it was accepted has nothing of its own stored but its spec.
    private readonly AttemptOutcome? _outcome;
    private readonly RedisResult[] _past;
    private readonly DateTimeOffset? _due, _started, _ended, _finished, _cancel;
    private readonly string _worker = "", _by = "";
    private readonly int _last;

    private JobRecord(RedisResult[] values)
    {
        var stored = StoredSpec.Read((byte[])values[0]!, (byte[])values[2]!);
        (Id, CreatedAt, Spec, _past) = (stored.Id, stored.CreatedAt, stored.Spec, values[4..]);
        string line = stored.Line;
        Status = JobStatus.Queued;
        byte[] bytes = (byte[])values[1]!;
        if (bytes.Length > 0)
        {
            var packed = new PackedReader(bytes);
            packed.List();
            Status = (JobStatus)packed.Number();
            line = packed.Text();
            packed.Bytes(); // unique key
            Attempt = packed.Number();
            AttemptsUsed = packed.Number();
            packed.Bytes(); // since when it is ready
            _due = StoredTime.Read(packed.Bytes());
            _started = StoredTime.Read(packed.Bytes());
            _worker = packed.Text();
            packed.Bytes(); // instance
            packed.Bytes(); // length of the lease
            _last = packed.Number();
            _ended = StoredTime.Read(packed.Bytes());
            _finished = StoredTime.Read(packed.Bytes());
            _cancel = StoredTime.Read(packed.Bytes());
            _by = packed.Text();
        }

        Priority = int.Parse(line.AsSpan(line.LastIndexOf('\n') + 1), CultureInfo.InvariantCulture);
        _outcome = _last > 0 ? ReadOutcome(values[3]) : null;
    }

    public Guid Id { get; }

    public DateTimeOffset CreatedAt { get; }

    public JobSpec Spec { get; }

    public JobStatus Status { get; }

    public int Priority { get; }

    public int Attempt { get; }

    public int AttemptsUsed { get; }

    public DateTimeOffset? StartedAt => _started;

    public DateTimeOffset? FinishedAt => _finished;

    public string? Error => _outcome?.Error;

    /// <summary>Null when there is no such job.</summary>
    public static JobRecord? Read(RedisResult answer) => answer.Length == 0 ? null : new((RedisResult[])answer!);

    /// <summary>How an attempt ended, as it is stored: nothing when it just completed.</summary>
    public static ReadOnlyMemory<byte> WriteOutcome(AttemptOutcome outcome) => outcome == Completed ? default : StoredOutcome.Write(outcome);

    /// <summary>An attempt before the latest.</summary>
    public static string WritePast(JobAttempt attempt) =>
        $"{StoredTime.Write(attempt.StartedAt)}\n{StoredTime.Write(attempt.FinishedAt!.Value)}\n{attempt.WorkerId}";

    public Job ToJob(long seq, bool withAttempts) => new()
    {
        Id = Id,
        Seq = seq,
        Spec = Spec,
        Status = Status,
        Priority = Priority,
        CreatedAt = CreatedAt,
        RunAt = _due,
        StartedAt = _started,
        FinishedAt = _finished,
        Attempt = Attempt,
        AttemptsUsed = AttemptsUsed,
        Outcome = _outcome,
        CancelRequestedAt = _cancel,
        CanceledBy = _by.Length == 0 ? null : _by[1..],
        WorkerId = _worker.Length == 0 ? null : _worker,
        Attempts = withAttempts ? [.. Enumerable.Range(1, Attempt).Select(AttemptOf)] : [],
    };

    private static AttemptOutcome Completed { get; } = new() { Kind = OutcomeKind.Completed };

    private JobAttempt AttemptOf(int number)
    {
        if (number == Attempt)
        {
            var latest = new JobAttempt { Number = number, WorkerId = _worker, StartedAt = _started!.Value };
            return _last == number ? latest with { FinishedAt = _ended, Outcome = _outcome } : latest;
        }

        byte[] past = (byte[])_past[2 * (number - 1)]!;
        int first = past.AsSpan().IndexOf((byte)'\n'), second = first + 1 + past.AsSpan(first + 1).IndexOf((byte)'\n');
        return new()
        {
            Number = number,
            StartedAt = StoredTime.Read(past.AsSpan(0, first))!.Value,
            FinishedAt = StoredTime.Read(past.AsSpan(first + 1, second - first - 1)),
            WorkerId = Encoding.UTF8.GetString(past.AsSpan(second + 1)),
            Outcome = ReadOutcome(_past[2 * number - 1]),
        };
    }

    private static AttemptOutcome ReadOutcome(RedisResult stored) => (byte[])stored! is { Length: > 0 } bytes ? StoredOutcome.Read(bytes) : Completed;
}
