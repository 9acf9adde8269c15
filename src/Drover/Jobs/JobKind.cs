namespace Drover.Jobs;

/// <summary>What a job is made of.</summary>
public enum JobKind : byte
{
    /// <summary>A program with arguments, run by a shell on a server.</summary>
    Command = 1,

    /// <summary>A script, handed to an interpreter on a server.</summary>
    Script = 2,

    /// <summary>A typed task, run by a handler inside a .NET program.</summary>
    Task = 3,
}
