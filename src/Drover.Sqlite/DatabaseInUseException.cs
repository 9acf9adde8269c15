namespace Drover.Sqlite;

/// <summary>Another process owns the database.</summary>
public sealed class DatabaseInUseException : Exception
{
    internal DatabaseInUseException(string directory, string owner, Exception inner)
        : base($"The database in {directory} is in use by {(owner.Length > 0 ? owner : "another process")}. Stop that one first, or give this one a folder of its own.", inner)
    {
    }
}
