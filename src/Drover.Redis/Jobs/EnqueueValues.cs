using System.Globalization;
using Drover.Jobs;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>Requests of several callers as the values of one <c>enqueue.lua</c>. What many jobs have in common is sent once, as their kind.</summary>
internal sealed class EnqueueValues
{
    private readonly Dictionary<string, string> _numbers = new(StringComparer.Ordinal);
    private readonly List<RedisValue> _kinds = [];
    private readonly List<RedisValue> _requests = [];
    private readonly SharedClock _clock;
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _now;
    private readonly string _accepted;

    public EnqueueValues(SharedClock clock, TimeProvider time)
    {
        (_clock, _time, _now) = (clock, time, time.GetUtcNow());
        _accepted = StoredTime.Write(_now);
    }

    public void Add(EnqueueRequest request)
    {
        _requests.AddRange([request.IdempotencyKey is { } key ? "=" + key : "", request.Fingerprint ?? "", request.Jobs.Count]);
        for (int n = 0; n < request.Jobs.Count; n++)
            Add(request.Jobs[n], request.FirstId is { } first ? JobId.Following(first, n) : JobId.New(_time));
    }

    public RedisValue[] ToArray(long? maxSize, TimeSpan idempotencyPeriod) =>
    [
        _accepted, SharedClock.Micros(_now), maxSize is { } most ? most : "", SharedClock.Micros(idempotencyPeriod),
        _numbers.Count, .. _kinds, .. _requests,
    ];

    private void Add(JobSpec spec, Guid id)
    {
        string line = StoredSpec.LineOf(spec, spec.Priority);
        var indexes = JobTest.IndexesOf(spec);
        _requests.Add(WithExceptions(spec, KindOf(line, indexes)));
        _requests.Add(StoredSpec.Write(id, _accepted, indexes, line, spec));
        _requests.Add(StoredSpec.LargePayloadOf(spec));
    }

    private string KindOf(string line, List<string> indexes)
    {
        string kind = line + '\0' + string.Join('\0', indexes);
        if (_numbers.TryGetValue(kind, out string? number))
            return number;
        _numbers[kind] = number = (_numbers.Count + 1).ToString(CultureInfo.InvariantCulture);
        _kinds.AddRange([line, indexes.Count]);
        foreach (string index in indexes)
            _kinds.Add(index);
        return number;
    }

    /// <summary>Most jobs are ready at once and have no unique key: then the kind says it all.</summary>
    private string WithExceptions(JobSpec spec, string kind)
    {
        string due = "  ";
        if (spec.Delay is { } delay && delay > TimeSpan.Zero)
            due = string.Create(CultureInfo.InvariantCulture, $"{StoredTime.Write(_now + delay)} {_clock.SteadyIn(delay)} d");
        else if (spec.RunAt is { } runAt && runAt > _now)
            due = string.Create(CultureInfo.InvariantCulture, $"{StoredTime.Write(runAt)} {SharedClock.DueMicros(runAt)} t");
        string? key = JobRules.StoredKeyOf(spec);
        return due.Length == 2 && key is null ? kind : $"{kind} {due} {(key is null ? "" : "=" + key)}";
    }
}
