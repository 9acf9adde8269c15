using System.Collections.Frozen;
using Drover.Brokers;
using Drover.Jobs;
using Drover.Storage;

namespace Drover.Hosting;

/// <inheritdoc/>
internal sealed class JobClient(IBroker broker, IReadOnlyDictionary<Type, JobKindInfo> kinds) : IJobClient
{
    private readonly FrozenDictionary<Type, JobKindInfo> _kinds = kinds.ToFrozenDictionary();

    public async ValueTask<EnqueuedJob> EnqueueAsync<TJob>(TJob job, JobOptions? options = null, CancellationToken cancel = default) =>
        (await EnqueueManyAsync([job], options, cancel))[0];

    public async ValueTask<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync<TJob>(
        IReadOnlyList<TJob> jobs, JobOptions? options = null, CancellationToken cancel = default)
    {
        if (jobs.Count == 0)
            return [];
        if (_kinds.GetValueOrDefault(typeof(TJob)) is not JobKindInfo<TJob> kind)
            throw new InvalidOperationException($"{typeof(TJob).Name} is no known kind of job: name it in AddDrover with AddHandler or AddJob.");
        using var activity = Tracing.StartEnqueue(kind.Name);
        string? trace = Tracing.Current;
        var specs = new JobSpec[jobs.Count];
        for (int i = 0; i < specs.Length; i++)
            specs[i] = kind.SpecOf(jobs[i], options ?? JobOptions.Usual, trace);
        return (await broker.EnqueueAsync(new(specs), cancel)).Jobs;
    }
}
