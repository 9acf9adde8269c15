using Drover.Postgres.Engine;
using Drover.Storage;

namespace Drover.Postgres.Jobs;

/// <summary>Prolongs leases, those of many workers in one statement.</summary>
internal sealed class Renewer
{
    private static readonly string RenewSql = $"""
        UPDATE running SET lease_until = {States.At("$3")}, lease_length = {States.At("$4")} WHERE seq = ANY ($1) AND attempt = {States.At("$2")}
        RETURNING seq, attempt, cancel_at IS NOT NULL
        """;

    private readonly Link _link;
    private readonly SharedClock _clock;
    private readonly JobCache _cache;
    private readonly Groups<Renewal, RenewResult[]> _groups;

    public Renewer(Link link, SharedClock clock, JobCache cache)
    {
        (_link, _clock, _cache) = (link, clock, cache);
        _groups = new(1, 5000, r => r.Leases.Count, RunAsync);
    }

    public async ValueTask<IReadOnlyList<RenewResult>> RenewAsync(IReadOnlyList<LeaseToken> leases, TimeSpan duration, CancellationToken cancel)
    {
        if (leases.Count == 0)
            return [];
        var known = await _cache.LearnAsync(leases.Select(l => l.JobId), cancel);
        return await _groups.AddAsync(new([.. leases.Select(l => known.TryGetValue(l.JobId, out var job) ? (job.Seq, l.Attempt) : (-1, 0))], duration));
    }

    private async Task RunAsync(List<Call<Renewal, RenewResult[]>> group)
    {
        var all = group.SelectMany(c => c.Request.Leases.Select(l => (l.Seq, l.Attempt, c.Request.Duration))).Where(l => l.Seq > 0)
            .DistinctBy(l => (l.Seq, l.Attempt)).ToList();
        var held = new Dictionary<(long Seq, int Attempt), bool>();
        // Two attempts of one job, of which one is over, go one after the other.
        while (all.Count > 0)
        {
            var first = all.DistinctBy(l => l.Seq).OrderBy(l => l.Seq).ToArray();
            await _link.WriteAsync(async connection =>
            {
                await using var command = connection.Command(RenewSql)
                    .With(Array.ConvertAll(first, l => l.Seq)).With(Array.ConvertAll(first, l => l.Attempt))
                    .With(Array.ConvertAll(first, l => _clock.SteadyIn(l.Duration))).With(Array.ConvertAll(first, l => l.Duration.Ticks));
                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    held[(reader.GetInt64(0), reader.GetInt32(1))] = reader.GetBoolean(2);
                return true;
            });
            all = [.. all.Except(first)];
        }

        foreach (var call in group)
            call.Done([.. call.Request.Leases.Select(l => held.TryGetValue(l, out bool canceled) ? new RenewResult(true, canceled) : new RenewResult(false, false))]);
    }

    private sealed record Renewal(IReadOnlyList<(long Seq, int Attempt)> Leases, TimeSpan Duration);
}
