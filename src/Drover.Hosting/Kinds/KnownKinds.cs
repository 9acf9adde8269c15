namespace Drover.Hosting;

/// <summary>The kinds that a program has named.</summary>
internal sealed record KnownKinds(IReadOnlyList<JobKindInfo> All)
{
    public JobKindInfo<TJob> Of<TJob>() => All.OfType<JobKindInfo<TJob>>().FirstOrDefault()
        ?? throw new InvalidOperationException($"{typeof(TJob).Name} is no known kind of job: name it in AddDrover with AddHandler or AddJob.");

    /// <summary>The job types that are run here.</summary>
    public IEnumerable<string> Handled => All.Where(kind => kind.HasHandler).SelectMany(kind => kind.JobTypes);
}
