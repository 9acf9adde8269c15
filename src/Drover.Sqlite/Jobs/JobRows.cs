using Drover.Jobs;
using Drover.Sqlite.Engine;
using Drover.Sqlite.Sql;
using Drover.Storage;

namespace Drover.Sqlite.Jobs;

/// <summary>The writer's statements on jobs, prepared once.</summary>
internal sealed class JobRows(Connection connection)
{
    /// <summary>Longer texts are searched in their first part only: the index costs the writer about a microsecond a character.</summary>
    private const int MostTextChars = 32 * 1024;

    private readonly Statement _insertJob = connection.Prepare(JobSql.InsertJob);
    private readonly Statement _insertEvent = connection.Prepare(JobSql.InsertEvent);
    private readonly Statement _insertTag = connection.Prepare(JobSql.InsertTag);
    private readonly Statement _insertText = connection.Prepare(JobSql.InsertText);
    private readonly Statement _deleteText = connection.Prepare(JobSql.DeleteText);
    private readonly Statement _setMark = connection.Prepare(JobSql.SetMark);
    private readonly Statement _setPaused = connection.Prepare(JobSql.SetPaused);
    private readonly Statement _getAnswer = connection.Prepare(JobSql.GetAnswer);
    private readonly Statement _setAnswer = connection.Prepare(JobSql.SetAnswer);
    private readonly Statement _deleteOldAnswers = connection.Prepare(JobSql.DeleteOldAnswers);
    private readonly Statement _getWork = connection.Prepare(JobSql.GetWork);
    private readonly Statement _getHead = connection.Prepare(JobSql.GetHead);
    private readonly Statement _getEvents = connection.Prepare(JobSql.GetEvents);
    private readonly Statement _deleteJob = connection.Prepare(JobSql.DeleteJob);
    private readonly Statement _deleteEvents = connection.Prepare(JobSql.DeleteEvents);
    private readonly Statement _deleteTag = connection.Prepare(JobSql.DeleteTag);

    public Statement InsertLane { get; } = connection.Prepare(JobSql.InsertLane);

    public Statement InsertTagset { get; } = connection.Prepare(JobSql.InsertTagset);

    public void InsertJob(in NewJob job)
    {
        var spec = job.Prepared.Spec;
        _insertJob.Bind(1, job.Seq).Bind(2, job.Id).Bind(3, job.CreatedAt).Bind(4, job.Lane.Id).Bind(5, (int)spec.Kind).Bind(6, spec.Priority)
            .Bind(7, job.Tagset).Bind(8, job.DueAt).Bind(9, job.DueByClock ? 0 : 1).Bind(10, JobRules.StoredKeyOf(spec));
        if (JobRules.LinkOf(spec) is { } origin)
            _insertJob.Bind(11, origin);
        else
            _insertJob.BindNull(11);
        _insertJob.BindBlob(12, job.Prepared.Json);
        if (spec.Task is { Payload.IsEmpty: false } task)
            _insertJob.BindBlob(13, task.Payload.Span);
        else
            _insertJob.BindNull(13);
        _insertJob.Run();
        if (job.Tagset == Registry.OtherTags)
        {
            foreach (string tag in spec.Tags)
                _insertTag.Bind(1, tag).Bind(2, job.Seq).Run();
        }

        if (job.Prepared.SearchText is { } text)
            IndexText(job.Seq * 2, text);
    }

    public void InsertEvent(in JobEvent e) => EventRow.Insert(_insertEvent, e);

    /// <summary>Makes a job's latest error the one that is found; null for none.</summary>
    public void IndexError(LiveJob job, string? error)
    {
        if (error is not null)
            IndexText(job.Seq * 2 + 1, error);
        else if (job.HasErrorText)
            _deleteText.Bind(1, job.Seq * 2 + 1).Run();
    }

    /// <summary>The same for a job that had no error before.</summary>
    public void IndexError(long seq, string error) => IndexText(seq * 2 + 1, error);

    public void SetMark(string name, long value) => _setMark.Bind(1, name).Bind(2, value).Run();

    public void SetPaused(string queue, bool paused) => _setPaused.Bind(1, queue).Bind(2, paused ? 1 : 0).Run();

    public bool TryGetAnswer(string key, out string? fingerprint, out long at, out byte[] answer)
    {
        (fingerprint, at, answer) = (null, 0, []);
        if (!_getAnswer.Bind(1, key).Step())
            return false;
        (fingerprint, at, answer) = (_getAnswer.Text(0), _getAnswer.Long(1), _getAnswer.Blob(2).ToArray());
        _getAnswer.Reset();
        return true;
    }

    public void SetAnswer(string key, string? fingerprint, long at, byte[] answer) =>
        _setAnswer.Bind(1, key).Bind(2, fingerprint).Bind(3, at).BindBlob(4, answer).Run();

    public void DeleteOldAnswers(long until, int max) => _deleteOldAnswers.Bind(1, until).Bind(2, max).Run();

    public bool TryGetWork(long seq, out Guid id, out JobSpec spec)
    {
        (id, spec) = (default, null!);
        if (!_getWork.Bind(1, seq).Step())
            return false;
        id = _getWork.Guid(0);
        spec = SpecJson.Read(_getWork.Blob(1), _getWork.Blob(2));
        _getWork.Reset();
        return true;
    }

    public bool TryGetHead(long seq, out JobHead head)
    {
        head = default;
        if (!_getHead.Bind(1, seq).Step())
            return false;
        head = new(seq, _getHead.Guid(0), _getHead.Long(1), _getHead.LongOrNull(2), _getHead.Text(3), _getHead.Int(4));
        _getHead.Reset();
        return true;
    }

    public JobFold Fold(in JobHead head, int priority)
    {
        var fold = new JobFold(head.CreatedAt, priority, head.DueAt);
        _getEvents.Bind(1, head.Seq);
        while (_getEvents.Step())
            fold.Apply(EventRow.Read(_getEvents, withOutcome: true));
        return fold;
    }

    public void Delete(long seq, IEnumerable<string> otherTags)
    {
        _deleteJob.Bind(1, seq).Run();
        _deleteEvents.Bind(1, seq).Run();
        _deleteText.Bind(1, seq * 2).Run();
        _deleteText.Bind(1, seq * 2 + 1).Run();
        foreach (string tag in otherTags)
            _deleteTag.Bind(1, tag).Bind(2, seq).Run();
    }

    private void IndexText(long row, string text)
    {
        if (text.Length > MostTextChars)
            text = text[..MostTextChars];
        // A zero would end the text for SQLite.
        _insertText.Bind(1, row).Bind(2, text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', ' ') : text).Run();
        _insertText.Clear();
    }
}

/// <summary>What a change of a waiting job needs of its row.</summary>
internal readonly record struct JobHead(long Seq, Guid Id, long CreatedAt, long? DueAt, string? UniqueKey, int Lane);

/// <summary>A spec made ready for writing by its caller, so that the writer thread has less to do.</summary>
internal sealed record PreparedJob(JobSpec Spec, byte[] Json, string Needs, string? LimitKey, string? SearchText);

/// <summary>A job about to be accepted.</summary>
internal readonly record struct NewJob(
    PreparedJob Prepared, long Seq, Guid Id, long CreatedAt, Lane Lane, ushort Tagset, long? DueAt, bool DueByClock);
