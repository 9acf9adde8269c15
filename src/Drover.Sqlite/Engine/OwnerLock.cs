using System.Globalization;

namespace Drover.Sqlite.Engine;

/// <summary>
/// Keeps other processes out of the data folder, and tells them who owns it. The system lets go of the lock when the
/// process ends, however it ends. Who it is stands in a file beside the lock, since a locked file cannot be read.
/// </summary>
internal sealed class OwnerLock : IDisposable
{
    private const string OwnerFile = "drover.owner";

    private readonly FileStream _file;

    private OwnerLock(FileStream file) => _file = file;

    /// <exception cref="DatabaseInUseException">Another process, or another store in this one, owns the folder.</exception>
    public static OwnerLock Take(string directory, TimeProvider time)
    {
        string path = Path.Combine(directory, "drover.lock");
        FileStream file;
        try
        {
            file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException and not FileNotFoundException)
        {
            throw new DatabaseInUseException(directory, ReadOwner(directory), e);
        }

        File.WriteAllText(Path.Combine(directory, OwnerFile), string.Create(CultureInfo.InvariantCulture,
            $"process {Environment.ProcessId} on {Environment.MachineName}, since {time.GetUtcNow():yyyy-MM-dd HH:mm:ss} UTC"));
        return new(file);
    }

    public void Dispose() => _file.Dispose();

    private static string ReadOwner(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, OwnerFile)).Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
