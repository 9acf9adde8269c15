namespace Drover.Sqlite;

/// <summary>A database file was written by a newer version of Drover.</summary>
public sealed class SchemaTooNewException : Exception
{
    internal SchemaTooNewException(string path, long found, int known)
        : base($"{path} has schema version {found}, but this program knows only {known}: it was written by a newer Drover. Start that version, or restore a backup made with this one.")
    {
    }
}
