using System.Collections.Concurrent;
using Drover.Jobs;
using Drover.Postgres.Engine;
using Drover.Storage;

namespace Drover.Postgres.Jobs;

/// <summary>What this node knows of a job that it leased: enough to end its attempt.</summary>
internal sealed record CachedJob(long Seq, JobSpec Spec, int Used);

/// <summary>What this node leased it mostly ends as well, and then need not read the spec again. A miss costs a read, no more.</summary>
internal sealed class JobCache(Link link)
{
    private const int Most = 100_000;
    private readonly ConcurrentDictionary<Guid, CachedJob> _jobs = new();

    public CachedJob? Find(Guid id) => _jobs.GetValueOrDefault(id);

    public void Forget(Guid id) => _jobs.TryRemove(id, out _);

    public void Add(Guid id, CachedJob job)
    {
        if (_jobs.Count > Most)
            _jobs.Clear();
        _jobs[id] = job with { Spec = job.Spec.Task is { } task ? job.Spec with { Task = task with { Payload = default } } : job.Spec };
    }

    /// <summary>The jobs with these ids; those that are not there are left out.</summary>
    public async ValueTask<Dictionary<Guid, CachedJob>> LearnAsync(IEnumerable<Guid> ids, CancellationToken cancel)
    {
        var known = new Dictionary<Guid, CachedJob>();
        var unknown = new HashSet<Guid>();
        foreach (var id in ids)
        {
            if (Find(id) is { } job)
                known[id] = job;
            else
                unknown.Add(id);
        }

        if (unknown.Count == 0)
            return known;
        return await link.ReadAsync(async connection =>
        {
            await using var command = connection.Command($"SELECT j.id, j.seq, j.spec, s.used FROM {States.All} WHERE j.id = ANY($1)").With(unknown.ToArray());
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                Add(reader.GetGuid(0), known[reader.GetGuid(0)] = new(reader.GetInt64(1), SpecJson.Read(reader.GetFieldValue<byte[]>(2), []), reader.GetInt32(3)));
            }

            return known;
        }, cancel);
    }
}
