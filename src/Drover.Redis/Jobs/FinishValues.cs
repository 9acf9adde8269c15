using Drover.Jobs;
using Drover.Redis.Engine;
using Drover.Storage;
using StackExchange.Redis;

namespace Drover.Redis.Jobs;

/// <summary>Ends of attempts as the values of one <c>finish.lua</c>. What follows is the same for most of them, and is sent once, as their plan.</summary>
internal sealed class FinishValues(SharedClock clock, DateTimeOffset now)
{
    private readonly Dictionary<Plan, int> _numbers = [];
    private readonly List<RedisValue> _plans = [];
    private readonly List<RedisValue> _ends = [];

    /// <param name="finish">What ended.</param>
    /// <param name="spec">The job's spec; null when there is no such job.</param>
    /// <param name="used">How many attempts have counted so far, as far as is known.</param>
    public void Add(FinishRequest finish, JobSpec? spec, int used)
    {
        double random = Random.Shared.NextDouble();
        var plan = spec is null ? new(used, default, default)
            : new Plan(used, JobRules.After(spec, used, finish.Outcome, false, random), JobRules.After(spec, used, finish.Outcome, true, random));
        if (!_numbers.TryGetValue(plan, out int number))
        {
            _numbers[plan] = number = _numbers.Count + 1;
            _plans.Add(used);
            AddStep(plan.Next);
            AddStep(plan.NextWhenCanceled);
        }

        _ends.AddRange([finish.Lease.JobId.ToByteArray(bigEndian: true), finish.Lease.Attempt, number, JobRecord.WriteOutcome(finish.Outcome)]);
    }

    public RedisValue[] ToArray(long? expiredBy) =>
        [StoredTime.Write(now), SharedClock.Micros(now), expiredBy is { } by ? by : "", _numbers.Count, .. _plans, .. _ends];

    private void AddStep(NextStep next)
    {
        var delay = next.Delay ?? TimeSpan.Zero;
        _plans.AddRange([(int)next.Status, next.AttemptsUsed, StoredTime.Write(now + delay), clock.SteadyIn(delay)]);
    }

    private readonly record struct Plan(int Used, NextStep Next, NextStep NextWhenCanceled);
}
