using System.Globalization;
using Drover.Jobs;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>Reads a job from its hash.</summary>
internal sealed class JobHash
{
    private readonly Dictionary<string, RedisValue> _fields = new(StringComparer.Ordinal);

    public JobHash(HashEntry[] entries)
    {
        foreach (var entry in entries)
            _fields[entry.Name!] = entry.Value;
    }

    public JobHash(RedisValue[] names, RedisValue[] values)
    {
        for (int n = 0; n < names.Length; n++)
        {
            if (!values[n].IsNull)
                _fields[names[n]!] = values[n];
        }
    }

    /// <summary>False when the job was deleted meanwhile.</summary>
    public bool Exists => _fields.ContainsKey("st");

    public JobStatus Status => (JobStatus)(int)_fields["st"];

    public int Priority => (int)_fields["pr"];

    public Guid Id => Guid.ParseExact(_fields["id"]!, "n");

    public DateTimeOffset CreatedAt => Time("cr")!.Value;

    public string? Error => Text("err");

    public JobSpec Spec => SpecJson.Read((byte[])_fields["spec"]!, _fields.TryGetValue("pay", out var payload) ? (byte[])payload! : []);

    public Job ToJob(long seq, bool withAttempts)
    {
        int attempt = (int)_fields["at"];
        return new()
        {
            Id = Id,
            Seq = seq,
            Spec = Spec,
            Status = Status,
            Priority = Priority,
            CreatedAt = CreatedAt,
            RunAt = Time("due"),
            StartedAt = Time("sat"),
            FinishedAt = Time("fin"),
            Attempt = attempt,
            AttemptsUsed = (int)_fields["used"],
            Outcome = Text("lo") is { } last ? Ended("f" + last).Outcome : null,
            CancelRequestedAt = Time("can"),
            CanceledBy = Text("cby"),
            WorkerId = Text("w"),
            Attempts = withAttempts ? [.. Enumerable.Range(1, attempt).Select(Attempt)] : [],
        };
    }

    public DateTimeOffset? Time(string name) => _fields.TryGetValue(name, out var ticks) ? new(Ticks((byte[])ticks!), TimeSpan.Zero) : null;

    private JobAttempt Attempt(int number)
    {
        byte[] started = _fields["a" + number.ToString(CultureInfo.InvariantCulture)]!;
        int line = started.AsSpan().IndexOf((byte)'\n');
        var attempt = new JobAttempt
        {
            Number = number,
            WorkerId = System.Text.Encoding.UTF8.GetString(started.AsSpan(line + 1)),
            StartedAt = new(Ticks(started.AsSpan(0, line)), TimeSpan.Zero),
        };
        string end = "f" + number.ToString(CultureInfo.InvariantCulture);
        if (!_fields.ContainsKey(end))
            return attempt;
        var (at, outcome) = Ended(end);
        return attempt with { FinishedAt = at, Outcome = outcome };
    }

    private (DateTimeOffset At, AttemptOutcome Outcome) Ended(string name)
    {
        byte[] ended = _fields[name]!;
        int line = ended.AsSpan().IndexOf((byte)'\n');
        return (new(Ticks(ended.AsSpan(0, line)), TimeSpan.Zero), StoredOutcome.Read(ended.AsSpan(line + 1)));
    }

    private string? Text(string name) => _fields.TryGetValue(name, out var text) ? (string?)text : null;

    private static long Ticks(ReadOnlySpan<byte> text) => long.Parse(text, CultureInfo.InvariantCulture);
}
