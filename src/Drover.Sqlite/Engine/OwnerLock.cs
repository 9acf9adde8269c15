using System.Globalization;

namespace Drover.Sqlite.Engine;

/// <summary>Says which process owns the data folder, and keeps others out. The system lets go of it when the process ends, however it ends.</summary>
internal sealed class OwnerLock : IDisposable
{
    private readonly FileStream _file;

    private OwnerLock(FileStream file) => _file = file;

    /// <exception cref="DatabaseInUseException">Another process, or another store in this one, owns the folder.</exception>
    public static OwnerLock Take(string directory, TimeProvider time)
    {
        string path = Path.Combine(directory, "drover.lock");
        FileStream file;
        try
        {
            file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException and not FileNotFoundException)
        {
            throw new DatabaseInUseException(directory, Read(path), e);
        }

        file.SetLength(0);
        using (var writer = new StreamWriter(file, leaveOpen: true))
        {
            writer.Write(string.Create(CultureInfo.InvariantCulture,
                $"process {Environment.ProcessId} on {Environment.MachineName}, since {time.GetUtcNow():yyyy-MM-dd HH:mm:ss} UTC"));
        }

        file.Flush(flushToDisk: false);
        return new(file);
    }

    public void Dispose() => _file.Dispose();

    private static string Read(string path)
    {
        try
        {
            using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
        catch (IOException)
        {
            return "";
        }
    }
}

/// <summary>Another process owns the database.</summary>
public sealed class DatabaseInUseException : Exception
{
    internal DatabaseInUseException(string directory, string owner, Exception inner)
        : base($"The database in {directory} is in use by {(owner.Length > 0 ? owner : "another process")}. Stop that one first, or give this one a folder of its own.", inner)
    {
    }
}
