namespace Drover.Cli.Hosting;

/// <summary>What a process is for.</summary>
[Flags]
internal enum NodeRoles
{
    None = 0,

    /// <summary>REST, live updates and the dashboard.</summary>
    Api = 1,

    /// <summary>Holds the jobs, and lets others come over NetQueue.</summary>
    Queue = 2,

    /// <summary>Runs jobs.</summary>
    Worker = 4,

    All = Api | Queue | Worker,
}
