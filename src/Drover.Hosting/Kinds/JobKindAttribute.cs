namespace Drover.Hosting;

/// <summary>
/// The name under which jobs of a type are kept. It outlives the class: rename or move the class freely, never the kind.
/// </summary>
/// <param name="name">1 to 90 letters, digits, '.', '_', '-' or '/', for instance <c>send-email</c>.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct, Inherited = false)]
public sealed class JobKindAttribute(string name) : Attribute
{
    /// <summary>The kind's name.</summary>
    public string Name { get; } = name;

    /// <summary>
    /// The payload's version, 1 or more. Raise it when older payloads can no longer be read as they are, and say with
    /// <see cref="KindOptions{TJob}.UpgradeFrom"/> how to read those. A program that knows only older versions leaves newer jobs waiting.
    /// </summary>
    public int Version { get; init; } = 1;
}
