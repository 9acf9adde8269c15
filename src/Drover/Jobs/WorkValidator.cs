using System.Buffers;
using System.Text;

namespace Drover.Jobs;

/// <summary>The limits of what a job is made of: command, script or task.</summary>
internal static class WorkValidator
{
    private const int MaxEnvVariables = 256;
    private const string TooLong = "Must be at most 8388608 bytes in UTF-8.";
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(Letters + "0123456789");
    private static readonly SearchValues<char> TypeCharacters = SearchValues.Create(Letters + "0123456789.:/-");

    public static void Check(JobSpec spec, FieldErrors errors)
    {
        switch (spec)
        {
            case { Kind: JobKind.Task, Task: { } task, Shell: null }:
                CheckTask(task, errors);
                break;
            case { Kind: JobKind.Command or JobKind.Script, Shell: { } shell, Task: null }:
                CheckShell(spec.Kind, shell, errors);
                break;
            default:
                errors.Add("kind", "Must be a command, a script or a task, and hold that and nothing else.");
                break;
        }
    }

    private static void CheckTask(TaskWork task, FieldErrors errors)
    {
        if (task.JobType is not { Length: >= 1 and <= 100 } || task.JobType.AsSpan().ContainsAnyExcept(TypeCharacters))
            errors.Add("job_type", "Must be 1 to 100 letters, digits, '.', '_', '-', ':' or '/'.");
        if (task.TraceParent is { Length: > 64 })
            errors.Add("trace_parent", "Must be at most 64 characters.");
        if (task.Payload.Length > JobRules.MaxPayloadBytes)
            errors.Add("payload", TooLong);
        else if (task.Payload.Length > 0 && !JsonText.IsValid(task.Payload.Span))
            errors.Add("payload", "Must be JSON in UTF-8, at most 64 levels deep.");
    }

    private static void CheckShell(JobKind kind, ShellWork shell, FieldErrors errors)
    {
        errors.Line("server_id", shell.ServerId, 200);
        errors.Line("server_name", shell.ServerName, 200);
        (string field, string? text, string? other) = kind == JobKind.Command
            ? ("command", shell.Command, shell.Script)
            : ("script", shell.Script, shell.Command);
        if (string.IsNullOrWhiteSpace(text))
            errors.Add(field, "Must not be empty.");
        else if (kind == JobKind.Command)
            errors.Argument(field, text);
        else
            errors.Text(field, text);
        if (other is not null)
            errors.Add(kind == JobKind.Command ? "script" : "command", $"Cannot be given together with {field}.");

        CheckArgs(shell, errors);
        CheckEnv(shell.Env, errors);
        CheckSize(field, text, errors);
        CheckSize("stdin", shell.Stdin, errors);
        if (shell.Stdin is not null)
            errors.Text("stdin", shell.Stdin);
        if (shell.WorkingDir is not null)
            errors.Line("working_dir", shell.WorkingDir, 4096);
        if (shell.Shell is not null)
            CheckInterpreter(shell.Shell, errors);
    }

    private static void CheckInterpreter(string path, FieldErrors errors)
    {
        errors.Line("shell", path, 256);
        if (!path.StartsWith('/'))
            errors.Add("shell", "Must be an absolute path, such as /bin/bash.");
    }

    private static void CheckArgs(ShellWork shell, FieldErrors errors)
    {
        if (shell.Args is not null && shell.ArgsText is not null)
            errors.Add("args", "Must be one text or a list, not both.");
        if (shell.ArgsText is { } text)
        {
            errors.Argument("args", text);
            CheckSize("args", text, errors);
        }

        long bytes = 0;
        foreach (string arg in shell.Args ?? [])
        {
            if (arg is null)
            {
                errors.Add("args", "Must not contain null.");
                return;
            }

            errors.Argument("args", arg);
            bytes += Encoding.UTF8.GetByteCount(arg) + 1;
        }

        if (bytes > JobRules.MaxPayloadBytes)
            errors.Add("args", TooLong);
    }

    private static void CheckEnv(IReadOnlyDictionary<string, string> env, FieldErrors errors)
    {
        if (env.Count == 0)
            return;
        if (env.Count > MaxEnvVariables)
            errors.Add("env", "Must be at most 256 variables.");
        foreach (var (name, value) in env.Take(MaxEnvVariables))
        {
            if (name.Length is 0 or > 200 || char.IsAsciiDigit(name[0]) || name.AsSpan().ContainsAnyExcept(NameCharacters))
                errors.Add("env", "Names must be 1 to 200 letters, digits or '_', and not begin with a digit.");
            if (value is null)
                errors.Add("env", "Values must not be null.");
            else
                CheckEnvValue(value, errors);
        }
    }

    private static void CheckEnvValue(string value, FieldErrors errors)
    {
        errors.Argument("env", value);
        // Linux refuses to start a program with a longer variable (MAX_ARG_STRLEN, 32 pages).
        if (Encoding.UTF8.GetByteCount(value) > 120_000)
            errors.Add("env", "Values must be at most 120000 bytes in UTF-8.");
    }

    private static void CheckSize(string field, string? text, FieldErrors errors)
    {
        if (text is not null && Encoding.UTF8.GetByteCount(text) > JobRules.MaxPayloadBytes)
            errors.Add(field, TooLong);
    }
}
