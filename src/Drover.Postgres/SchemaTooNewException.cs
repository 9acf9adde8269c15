namespace Drover.Postgres;

/// <summary>A database was written by a newer version of Drover.</summary>
public sealed class SchemaTooNewException : Exception
{
    internal SchemaTooNewException(string schema, int found, int known)
        : base($"The database's schema '{schema}' has version {found}, but this program knows only {known}: it was written by a newer Drover. Start that version, or restore a backup made with this one.")
    {
    }
}
